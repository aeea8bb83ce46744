//go:build gc && !purego && !vstackbuild && (mips64 || mips64le)

#include "go_asm.h"
#include "textflag.h"

// The register g holds the address of g. stack.lo and stack.hi are its first two
// words. R29 is the stack pointer.

// func Bounds() (id, lo, hi uintptr)
TEXT ·Bounds(SB), NOSPLIT, $0-24
	MOVV	g, id+0(FP)
	MOVV	0(g), R1
	MOVV	R1, lo+8(FP)
	MOVV	8(g), R1
	MOVV	R1, hi+16(FP)
	RET

// func Used() uintptr
TEXT ·Used(SB), NOSPLIT, $0-8
	MOVV	8(g), R1
	SUBVU	R29, R1, R1
	MOVV	R1, ret+0(FP)
	RET

// func Low() bool
TEXT ·Low(SB), NOSPLIT, $0-1
	MOVV	8(g), R1
	SUBVU	R29, R1, R1
	SRLV	$const_shift, g, R2
	AND	$const_slots-1, R2, R2
	SLLV	$3, R2, R2
	MOVV	$·limits(SB), R3
	ADDVU	R2, R3, R3
	MOVV	(R3), R3
	SGTU	R3, R1, R1        // limit > used
	BEQ	R1, R0, low
	MOVB	R0, ret+0(FP)
	RET
low:
	JMP	·look(SB)      // returns to our caller, with its result as ours
