//go:build gc && !purego && !vstackbuild

#include "go_asm.h"
#include "textflag.h"

// g is in thread-local storage: (TLS) is its address. stack.lo and stack.hi are
// its first two words.

// func Bounds() (id, lo, hi uintptr)
TEXT ·Bounds(SB), NOSPLIT, $0-12
	MOVL	(TLS), AX
	MOVL	AX, id+0(FP)
	MOVL	0(AX), CX
	MOVL	CX, lo+4(FP)
	MOVL	4(AX), CX
	MOVL	CX, hi+8(FP)
	RET

// func Used() uintptr
TEXT ·Used(SB), NOSPLIT, $0-4
	MOVL	(TLS), AX
	MOVL	4(AX), AX
	SUBL	SP, AX
	MOVL	AX, ret+0(FP)
	RET

// func Low() bool
TEXT ·Low(SB), NOSPLIT, $0-1
	MOVL	(TLS), AX
	MOVL	4(AX), CX
	SUBL	SP, CX
	SHRL	$const_shift, AX
	ANDL	$const_slots-1, AX
	LEAL	·limits(SB), DX
	CMPL	CX, (DX)(AX*4)
	JCC	low            // not below: used >= limit
	MOVB	$0, ret+0(FP)
	RET
low:
	JMP	·look(SB)      // returns to our caller, with its result as ours
