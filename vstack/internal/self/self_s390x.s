//go:build gc && !purego && !vstackbuild

#include "go_asm.h"
#include "textflag.h"

// The register g holds the address of g. stack.lo and stack.hi are its first two
// words. R15 is the stack pointer.

// func Bounds() (id, lo, hi uintptr)
TEXT ·Bounds(SB), NOSPLIT, $0-24
	MOVD	g, id+0(FP)
	MOVD	0(g), R1
	MOVD	R1, lo+8(FP)
	MOVD	8(g), R1
	MOVD	R1, hi+16(FP)
	RET

// func Used() uintptr
TEXT ·Used(SB), NOSPLIT, $0-8
	MOVD	8(g), R1
	SUB	R15, R1
	MOVD	R1, ret+0(FP)
	RET

// func Low() bool
TEXT ·Low(SB), NOSPLIT, $0-1
	MOVD	8(g), R1
	SUB	R15, R1
	SRD	$const_shift, g, R2
	AND	$const_slots-1, R2
	SLD	$3, R2
	MOVD	$·limits(SB), R3
	MOVD	(R3)(R2*1), R3
	CMPUBGE	R1, R3, low       // used >= limit
	MOVD	$0, R4
	MOVB	R4, ret+0(FP)
	RET
low:
	BR	·look(SB)      // returns to our caller, with its result as ours
