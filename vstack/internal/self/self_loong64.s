//go:build gc && !purego && !vstackbuild

#include "go_asm.h"
#include "textflag.h"

// The register g holds the address of g. stack.lo and stack.hi are its first two
// words. R3 is the stack pointer.

// func Bounds() (id, lo, hi uintptr)
TEXT ·Bounds(SB), NOSPLIT, $0-24
	MOVV	g, id+0(FP)
	MOVV	0(g), R4
	MOVV	R4, lo+8(FP)
	MOVV	8(g), R4
	MOVV	R4, hi+16(FP)
	RET

// func Used() uintptr
TEXT ·Used(SB), NOSPLIT, $0-8
	MOVV	8(g), R4
	SUBV	R3, R4, R4
	MOVV	R4, ret+0(FP)
	RET

// func Low() bool
TEXT ·Low(SB), NOSPLIT, $0-1
	MOVV	8(g), R4
	SUBV	R3, R4, R4
	SRLV	$const_shift, g, R5
	AND	$const_slots-1, R5, R5
	SLLV	$3, R5, R5
	MOVV	$·limits(SB), R6
	ADDVU	R5, R6, R6
	MOVV	(R6), R6
	SGTU	R6, R4, R4        // limit > used
	BEQ	R4, R0, low
	MOVB	R0, ret+0(FP)
	RET
low:
	JMP	·look(SB)      // returns to our caller, with its result as ours
