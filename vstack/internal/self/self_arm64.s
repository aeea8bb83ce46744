//go:build gc && !purego && !vstackbuild

#include "go_asm.h"
#include "textflag.h"

// The register g holds the address of g. stack.lo and stack.hi are its first two
// words.

// func Bounds() (id, lo, hi uintptr)
TEXT ·Bounds(SB), NOSPLIT, $0-24
	MOVD	g, id+0(FP)
	MOVD	0(g), R0
	MOVD	R0, lo+8(FP)
	MOVD	8(g), R0
	MOVD	R0, hi+16(FP)
	RET

// func Used() uintptr
TEXT ·Used(SB), NOSPLIT, $0-8
	MOVD	8(g), R0
	MOVD	RSP, R1
	SUB	R1, R0, R0
	MOVD	R0, ret+0(FP)
	RET

// func Low() bool
TEXT ·Low(SB), NOSPLIT, $0-1
	MOVD	8(g), R0
	MOVD	RSP, R1
	SUB	R1, R0, R0
	LSR	$const_shift, g, R1
	AND	$const_slots-1, R1, R1
	MOVD	$·limits(SB), R2
	MOVD	(R2)(R1<<3), R2
	CMP	R2, R0
	BHS	low               // used >= limit
	MOVB	ZR, ret+0(FP)
	RET
low:
	B	·look(SB)      // returns to our caller, with its result as ours
