//go:build gc && !purego && !vstackbuild && (ppc64 || ppc64le)

#include "go_asm.h"
#include "textflag.h"

// The register g holds the address of g. stack.lo and stack.hi are its first two
// words. R1 is the stack pointer, R0 is zero.

// func Bounds() (id, lo, hi uintptr)
TEXT ·Bounds(SB), NOSPLIT, $0-24
	MOVD	g, id+0(FP)
	MOVD	0(g), R3
	MOVD	R3, lo+8(FP)
	MOVD	8(g), R3
	MOVD	R3, hi+16(FP)
	RET

// func Used() uintptr
TEXT ·Used(SB), NOSPLIT, $0-8
	MOVD	8(g), R3
	SUB	R1, R3, R3
	MOVD	R3, ret+0(FP)
	RET

// func Low() bool
TEXT ·Low(SB), NOSPLIT, $0-1
	MOVD	8(g), R3
	SUB	R1, R3, R3
	SRD	$const_shift, g, R4
	ANDCC	$const_slots-1, R4, R4
	SLD	$3, R4, R4
	MOVD	$·limits(SB), R5
	MOVD	(R5)(R4), R5
	CMPU	R3, R5
	BGE	low               // used >= limit
	MOVB	R0, ret+0(FP)
	RET
low:
	BR	·look(SB)      // returns to our caller, with its result as ours
