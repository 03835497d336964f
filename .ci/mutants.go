//go:build ignore

// Mutants changes one operator, constant or condition of a package at a time and sees whether the package's tests notice:
//
//	go run .ci/mutants.go [-n 30] [-seed 1] [-last Soak] [-v] ./loss ./optim …
//
// It prints the share of the changes that made a test fail (or not end), and each change that no test noticed. Files are not
// touched: the changed text is an overlay. Changes that do not compile are not counted. Left out is what means the same or has no exact
// size: values beside an error, texts, the sign 1 of infinity, tolerances such as 1e-9, capacities, chunks of loops on several cores.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// change replaces bytes [from, to) of a file.
type change struct {
	file, old, new string
	from, to, line int
}

var operators = map[token.Token]string{
	token.ADD: "-", token.SUB: "+", token.MUL: "/", token.QUO: "*", token.REM: "*",
	token.LSS: "<=", token.LEQ: "<", token.GTR: ">=", token.GEQ: ">", token.EQL: "!=", token.NEQ: "==",
	token.LAND: "||", token.LOR: "&&", token.SHL: ">>", token.SHR: "<<",
	token.ADD_ASSIGN: "-=", token.SUB_ASSIGN: "+=", token.MUL_ASSIGN: "/=", token.QUO_ASSIGN: "*=",
}

// changes are all that can be made in a file.
func changes(path string) ([]change, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	files := token.NewFileSet()
	f, err := parser.ParseFile(files, path, text, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var all []change
	add := func(from, to token.Pos, with string) {
		a, b := files.Position(from).Offset, files.Position(to).Offset
		all = append(all, change{path, string(text[a:b]), with, a, b, files.Position(from).Line})
	}
	operator := func(op token.Token, at token.Pos) {
		if with, ok := operators[op]; ok {
			add(at, at+token.Pos(len(op.String())), with)
		}
	}
	var infinite ast.Node       // the sign of the last math.Inf or math.IsInf; 0 for 1 means the same where nothing is below 0
	size := map[ast.Node]bool{} // capacities, and the chunks of loops on several cores
	ast.Inspect(f, func(n ast.Node) bool {
		if size[n] {
			return false
		}
		switch n := n.(type) {
		case *ast.ImportSpec, *ast.ArrayType:
			return false
		case *ast.ReturnStmt: // a value beside an error means nothing
			if len(n.Results) > 1 && isError(n.Results[len(n.Results)-1]) {
				return false
			}
		case *ast.CallExpr: // what an error says is not what tests hold
			if f, ok := n.Fun.(*ast.Ident); ok && f.Name == "make" && len(n.Args) == 3 {
				size[n.Args[2]] = true
			}
			if s, ok := n.Fun.(*ast.SelectorExpr); ok {
				switch s.Sel.Name {
				case "Errorf", "Sprintf":
					return false
				case "Range":
					if fmt.Sprint(s.X) == "parallel" {
						size[n.Args[1]] = true
					}
				case "Inf", "IsInf":
					if last := len(n.Args) - 1; last >= 0 {
						infinite = n.Args[last]
					}
				}
			}
		case *ast.BinaryExpr:
			operator(n.Op, n.OpPos)
		case *ast.AssignStmt:
			operator(n.Tok, n.TokPos)
		case *ast.IfStmt:
			if b, ok := n.Cond.(*ast.BinaryExpr); ok && (b.Op == token.EQL || b.Op == token.NEQ) {
				break // the other operator is the same change
			}
			add(n.Cond.Pos(), n.Cond.End(), "!("+string(text[files.Position(n.Cond.Pos()).Offset:files.Position(n.Cond.End()).Offset])+")")
		case *ast.BasicLit:
			switch {
			case n == infinite && n.Value == "1":
			case n.Value == "0" || n.Value == "0.0":
				add(n.Pos(), n.End(), "1")
			case n.Kind == token.INT:
				add(n.Pos(), n.End(), "("+n.Value+"-1)")
			case n.Kind == token.FLOAT && strings.Contains(n.Value, "e-"): // a tolerance, of no exact size
			case n.Kind == token.FLOAT:
				add(n.Pos(), n.End(), "("+n.Value+"*1.5)")
			}
		case *ast.BranchStmt:
			if n.Label == nil && n.Tok == token.CONTINUE {
				add(n.Pos(), n.End(), "break")
			}
		}
		return true
	})
	return all, nil
}

// isError says that an expression is an error made here, or a variable of that name.
func isError(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name == "err"
	case *ast.CallExpr:
		s, ok := e.Fun.(*ast.SelectorExpr)
		return ok && (s.Sel.Name == "Errorf" || s.Sel.Name == "New" && fmt.Sprint(s.X) == "errors")
	}
	return false
}

// survives tells whether the package's tests pass with the change, those named by last after the others, and whether it compiles.
func (c change) survives(pkg, dir, last string, limit time.Duration) (passes, compiles bool, err error) {
	text, err := os.ReadFile(c.file)
	if err != nil {
		return false, false, err
	}
	changed := filepath.Join(dir, "changed.go")
	if err := os.WriteFile(changed, bytes.Join([][]byte{text[:c.from], []byte(c.new), text[c.to:]}, nil), 0o644); err != nil {
		return false, false, err
	}
	absolute, err := filepath.Abs(c.file)
	if err != nil {
		return false, false, err
	}
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{absolute: changed}})
	if err != nil {
		return false, false, err
	}
	list, binary := filepath.Join(dir, "overlay.json"), filepath.Join(dir, "test")
	if err := os.WriteFile(list, overlay, 0o644); err != nil {
		return false, false, err
	}
	if out, err := exec.Command("go", "test", "-c", "-vet=off", "-ldflags=-s -w", "-overlay", list, "-o", binary, pkg).CombinedOutput(); err != nil {
		if !bytes.Contains(out, []byte(":")) {
			return false, false, fmt.Errorf("%v: %s", err, out)
		}
		return false, false, nil
	}
	failures := filepath.Join(pkg, "testdata", "rapid") // that property tests write down
	if _, err := os.Stat(failures); os.IsNotExist(err) {
		defer os.Remove(filepath.Dir(failures)) // if nothing else is in it
		defer os.RemoveAll(failures)
	}
	parts := [][]string{{"-test.skip", last}}
	if last != "" {
		parts = append(parts, []string{"-test.run", last})
	}
	for _, part := range parts {
		test := exec.Command(binary, append(part, "-test.failfast", "-test.timeout", limit.String())...)
		test.Dir = pkg
		if out, err := test.CombinedOutput(); err != nil {
			if bytes.Contains(out, []byte("panic: test timed out")) {
				fmt.Printf("%s:%d: %s → %s: did not end in %v\n", c.file, c.line, c.old, c.new, limit)
			}
			return false, true, nil
		}
	}
	return true, true, nil
}

func run() error {
	n := flag.Int("n", 30, "changes a package")
	seed := flag.Uint64("seed", 1, "chooses the changes")
	last := flag.String("last", "", "tests that take long, an expression as go test -run takes it: they run where the others notice nothing")
	verbose := flag.Bool("v", false, "print each change")
	flag.Parse()
	dir, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	total, noticed := 0, 0
	for _, pkg := range flag.Args() {
		names, err := exec.Command("go", "list", "-f", `{{join .GoFiles " "}}`, pkg).Output() // those built here
		if err != nil {
			return fmt.Errorf("go list %s: %w", pkg, err)
		}
		var all []change
		for _, name := range strings.Fields(string(names)) {
			of, err := changes(filepath.Join(pkg, name))
			if err != nil {
				return err
			}
			all = append(all, of...)
		}
		if len(all) == 0 {
			return fmt.Errorf("nothing to change in %s: name folders of packages", pkg)
		}
		began := time.Now()
		if out, err := exec.Command("go", "test", "-count=1", "-vet=off", pkg).CombinedOutput(); err != nil {
			return fmt.Errorf("the tests of %s fail without any change: %s", pkg, out)
		}
		limit := 3*time.Since(began) + 10*time.Second
		random := rand.New(rand.NewPCG(*seed, 0))
		random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		made, killed := 0, 0
		for _, c := range all {
			if made == *n {
				break
			}
			passes, compiles, err := c.survives(pkg, dir, *last, limit)
			if err != nil {
				return err
			}
			if !compiles {
				continue
			}
			made++
			if !passes {
				killed++
			}
			if passes || *verbose {
				fmt.Printf("%s:%d: %s → %s: noticed: %t\n", c.file, c.line, c.old, c.new, !passes)
			}
		}
		fmt.Printf("%s: %d of %d changes noticed (of %d possible ones)\n", pkg, killed, made, len(all))
		total, noticed = total+made, noticed+killed
	}
	fmt.Printf("all: %d of %d, %.0f%%\n", noticed, total, 100*float64(noticed)/float64(total))
	return nil
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}
