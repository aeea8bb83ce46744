package groups

type Expr interface{ Eval() int }

type Add struct{ X, Y Expr }

type Neg struct{ X Expr }

type Not struct{ X Expr }

func (a *Add) Eval() int { return a.X.Eval() + a.Y.Eval() }
func (n *Neg) Eval() int { return -n.X.Eval() }
func (n *Not) Eval() int { return 1 - n.X.Eval() }
