//go:build gc && !purego && !vstackbuild

#include "go_asm.h"
#include "textflag.h"

// The register g holds the address of g. stack.lo and stack.hi are its first two
// words. X2 is the stack pointer.

// func Bounds() (id, lo, hi uintptr)
TEXT ·Bounds(SB), NOSPLIT, $0-24
	MOV	g, id+0(FP)
	MOV	0(g), X5
	MOV	X5, lo+8(FP)
	MOV	8(g), X5
	MOV	X5, hi+16(FP)
	RET

// func Used() uintptr
TEXT ·Used(SB), NOSPLIT, $0-8
	MOV	8(g), X5
	SUB	X2, X5, X5
	MOV	X5, ret+0(FP)
	RET

// func Low() bool
TEXT ·Low(SB), NOSPLIT, $0-1
	MOV	8(g), X5
	SUB	X2, X5, X5
	SRL	$const_shift, g, X6
	AND	$const_slots-1, X6, X6
	SLL	$3, X6, X6
	MOV	$·limits(SB), X7
	ADD	X6, X7, X7
	MOV	(X7), X7
	BGEU	X5, X7, low       // used >= limit
	MOVB	ZERO, ret+0(FP)
	RET
low:
	JMP	·look(SB)      // returns to our caller, with its result as ours
