//go:build gc && !purego && !vstackbuild

#include "go_asm.h"
#include "textflag.h"

// The register g holds the address of g. stack.lo and stack.hi are its first two
// words.

// func Bounds() (id, lo, hi uintptr)
TEXT ·Bounds(SB), NOSPLIT, $0-12
	MOVW	g, id+0(FP)
	MOVW	0(g), R0
	MOVW	R0, lo+4(FP)
	MOVW	4(g), R0
	MOVW	R0, hi+8(FP)
	RET

// func Used() uintptr
TEXT ·Used(SB), NOSPLIT, $0-4
	MOVW	4(g), R0
	SUB	R13, R0
	MOVW	R0, ret+0(FP)
	RET

// func Low() bool
TEXT ·Low(SB), NOSPLIT, $0-1
	MOVW	4(g), R0
	SUB	R13, R0
	SRL	$const_shift, g, R1
	AND	$const_slots-1, R1
	MOVW	$·limits(SB), R2
	MOVW	R1<<2(R2), R2
	CMP	R2, R0
	BHS	low               // used >= limit
	MOVW	$0, R3
	MOVB	R3, ret+0(FP)
	RET
low:
	B	·look(SB)      // returns to our caller, with its result as ours
