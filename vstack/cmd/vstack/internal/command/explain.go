package command

import "io"

func explain(args []string, stdout, stderr io.Writer) int { return exitUsage }
