//go:build gc && !purego && !vstackbuild

#include "go_asm.h"
#include "textflag.h"

// g is a global of the wasm module. stack.lo and stack.hi are its first two words.
// SP is the stack pointer, a number of 32 bits.

// func Bounds() (id, lo, hi uintptr)
TEXT ·Bounds(SB), NOSPLIT, $0-24
	MOVD	g, id+0(FP)
	Get	SP
	I64Load	0(g)
	I64Store	lo+8(FP)
	Get	SP
	I64Load	8(g)
	I64Store	hi+16(FP)
	RET

// func Used() uintptr
TEXT ·Used(SB), NOSPLIT, $0-8
	Get	SP
	I64Load	8(g)
	Get	SP
	I64ExtendI32U
	I64Sub
	I64Store	ret+0(FP)
	RET

// func Low() bool
TEXT ·Low(SB), NOSPLIT, $0-1
	MOVD	$·limits(SB), R0
	I64Load	8(g)
	Get	SP
	I64ExtendI32U
	I64Sub            // used
	Get	g
	I64Const	$const_shift
	I64ShrU
	I64Const	$const_slots-1
	I64And
	I64Const	$3
	I64Shl
	Get	R0
	I64Add
	I32WrapI64
	I64Load	$0        // its limit
	I64GeU
	If
		JMP	·look(SB) // returns to our caller, with its result as ours
	End
	Get	SP
	I32Const	$0
	I32Store8	ret+0(FP)
	RET
