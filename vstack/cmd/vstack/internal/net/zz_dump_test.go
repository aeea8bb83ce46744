package net

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

func TestDump(t *testing.T) {
	dir := os.Getenv("NETDUMP")
	if dir == "" {
		t.Skip()
	}
	b, _ := strconv.ParseInt(os.Getenv("NETBYTES"), 10, 64)
	goroot := os.Getenv("NETROOT")
	files, err := Patch(goroot, os.Getenv("NETVERSION"), b)
	if err != nil {
		t.Fatal(err)
	}
	m := map[string]string{}
	for n, c := range files {
		os.WriteFile(filepath.Join(dir, n), c, 0o666)
		m[filepath.Join(goroot, "src/runtime", n)] = filepath.Join(dir, n)
	}
	j, _ := json.Marshal(map[string]any{"Replace": m})
	os.WriteFile(filepath.Join(dir, "overlay.json"), j, 0o666)
}
