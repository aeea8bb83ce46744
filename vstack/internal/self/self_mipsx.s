//go:build gc && !purego && !vstackbuild && (mips || mipsle)

#include "go_asm.h"
#include "textflag.h"

// The register g holds the address of g. stack.lo and stack.hi are its first two
// words. R29 is the stack pointer.

// func Bounds() (id, lo, hi uintptr)
TEXT ·Bounds(SB), NOSPLIT, $0-12
	MOVW	g, id+0(FP)
	MOVW	0(g), R1
	MOVW	R1, lo+4(FP)
	MOVW	4(g), R1
	MOVW	R1, hi+8(FP)
	RET

// func Used() uintptr
TEXT ·Used(SB), NOSPLIT, $0-4
	MOVW	4(g), R1
	SUBU	R29, R1, R1
	MOVW	R1, ret+0(FP)
	RET

// func Low() bool
TEXT ·Low(SB), NOSPLIT, $0-1
	MOVW	4(g), R1
	SUBU	R29, R1, R1
	SRL	$const_shift, g, R2
	AND	$const_slots-1, R2, R2
	SLL	$2, R2, R2
	MOVW	$·limits(SB), R3
	ADDU	R2, R3, R3
	MOVW	(R3), R3
	SGTU	R3, R1, R1        // limit > used
	BEQ	R1, R0, low
	MOVB	R0, ret+0(FP)
	RET
low:
	JMP	·look(SB)      // returns to our caller, with its result as ours
