//go:build gc && !purego && !vstackbuild

#include "go_asm.h"
#include "textflag.h"

// g is in thread-local storage: (TLS) is its address. stack.lo and stack.hi are
// its first two words.

// func Bounds() (id, lo, hi uintptr)
TEXT ·Bounds(SB), NOSPLIT, $0-24
	MOVQ	(TLS), AX
	MOVQ	AX, id+0(FP)
	MOVQ	0(AX), CX
	MOVQ	CX, lo+8(FP)
	MOVQ	8(AX), CX
	MOVQ	CX, hi+16(FP)
	RET

// func Used() uintptr
TEXT ·Used(SB), NOSPLIT, $0-8
	MOVQ	(TLS), AX
	MOVQ	8(AX), AX
	SUBQ	SP, AX
	MOVQ	AX, ret+0(FP)
	RET

// func Low() bool
TEXT ·Low(SB), NOSPLIT, $0-1
	MOVQ	(TLS), AX
	MOVQ	8(AX), CX
	SUBQ	SP, CX
	SHRQ	$const_shift, AX
	ANDL	$const_slots-1, AX
	LEAQ	·limits(SB), DX
	CMPQ	CX, (DX)(AX*8)
	JCC	low            // not below: used >= limit
	MOVB	$0, ret+0(FP)
	RET
low:
	JMP	·look(SB)      // returns to our caller, with its result as ours
