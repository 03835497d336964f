package main

import (
	"fmt"
	"strings"
)

// Go's assembler for arm64 knows few of the vector instructions for floating-point numbers, and avo does not know arm64.
// An arm64 file writes assembly itself: what Go has no name for is a word, with the instruction in Arm's notation behind
// it. Registers are numbers: r of R0 to R26, v of V0 to V31, which scalar instructions call F0 to F31.
type arm64 struct {
	b       strings.Builder
	written map[string]bool
	places  map[string]string // of the arguments of the current function
	name    string
}

// line writes an instruction.
func (a *arm64) line(format string, args ...any) { fmt.Fprintf(&a.b, "\t"+format+"\n", args...) }

// label writes a label of the current function.
func (a *arm64) label(name string) { fmt.Fprintf(&a.b, "%s:\n", name) }

// begin starts the kernel of the given name in the table, with a frame of so many bytes.
func (a *arm64) begin(name string, frame int) {
	k := lookUp(name, nameNEON)
	a.written[name], a.name = true, name
	a.places = map[string]string{}
	size := k.layout(func(arg string, offset int) { a.places[arg] = fmt.Sprintf("%s+%d(FP)", arg, offset) })
	fmt.Fprintf(&a.b, "\n// func %s%s%s\nTEXT ·%s%s(SB), NOSPLIT, $%d-%d\n", name, nameNEON, k.signature(), name, nameNEON, frame, size)
}

// layout visits the arguments and the result, which is called ret, with their places on the stack, and returns the size of
// all of them.
func (k kernel) layout(visit func(arg string, offset int)) int {
	sizes := map[string]int{"int": 8, "float32": 4, "float64": 8, "int32": 4, "bool": 1}
	at := 0
	place := func(name, kind string) {
		size, ok := sizes[kind]
		if strings.HasPrefix(kind, "*") {
			size, ok = 8, true
		}
		if !ok {
			panic("gen: no size of " + kind)
		}
		at = (at + size - 1) / size * size
		visit(name, at)
		at += size
	}
	parts := strings.Split(k.args, ",")
	for i, part := range parts {
		fields := strings.Fields(part)
		kind := fields[len(fields)-1]
		for j := i; len(fields) == 1; j++ { // the type is behind a later name
			fields = strings.Fields(parts[j])
			kind = fields[len(fields)-1]
		}
		place(strings.Fields(part)[0], kind)
	}
	if k.result != "" {
		at = (at + 7) / 8 * 8
		place("ret", k.result)
	}
	return at
}

// arg is the place of an argument.
func (a *arm64) arg(name string) string {
	p, ok := a.places[name]
	if !ok {
		panic("gen: " + a.name + " has no " + name)
	}
	return p
}

// load loads arguments into registers, one after the other from r on.
func (a *arm64) load(r int, names ...string) {
	for i, name := range names {
		a.line("MOVD %s, R%d", a.arg(name), r+i)
	}
}

// loadBytes is load for arguments that count values, as bytes.
func (a *arm64) loadBytes(r int, names ...string) {
	a.load(r, names...)
	for i := range names {
		a.line("LSL $2, R%d, R%d", r+i, r+i)
	}
}

// loadScalar loads float32 arguments into the lowest lanes of registers, from v on.
func (a *arm64) loadScalar(v int, names ...string) {
	for i, name := range names {
		a.line("FMOVS %s, F%d", a.arg(name), v+i)
	}
}

// broadcast loads float32 arguments into all lanes of registers, from v on.
func (a *arm64) broadcast(v int, names ...string) {
	a.loadScalar(v, names...)
	for i := range names {
		a.dup(v+i, v+i)
	}
}

// word writes an instruction that Go's assembler has no name for.
func (a *arm64) word(code uint32, format string, args ...any) {
	a.line("WORD $0x%08x // %s", code, fmt.Sprintf(format, args...))
}

// three are instructions on three vectors, by name and kind of lanes.
var three = map[string]uint32{
	"FADD.4S": 0x4e20d400, "FSUB.4S": 0x4ea0d400, "FMUL.4S": 0x6e20dc00, "FDIV.4S": 0x6e20fc00, "FMAX.4S": 0x4e20f400,
	"FMLA.4S": 0x4e20cc00, "FMLS.4S": 0x4ea0cc00, "FADDP.4S": 0x6e20d400,
	"FCMGT.4S": 0x6ea0e400, "FCMGE.4S": 0x6e20e400, "FCMEQ.4S": 0x4e20e400,
	"FADD.2D": 0x4e60d400, "FMUL.2D": 0x6e60dc00, "FMLA.2D": 0x4e60cc00, "FMLS.2D": 0x4ee0cc00,
	"FADDP.2D": 0x6e60d400,
	"ADD.4S":   0x4ea08400, "SUB.4S": 0x6ea08400,
	"AND.16B": 0x4e201c00, "BIC.16B": 0x4e601c00, "ORR.16B": 0x4ea01c00, "EOR.16B": 0x6e201c00, "BSL.16B": 0x6e601c00,
	"BIT.16B": 0x6ea01c00,
	"TRN1.4S": 0x4e802800, "TRN2.4S": 0x4e806800, "TRN1.2D": 0x4ec02800, "TRN2.2D": 0x4ec06800,
}

// op writes d = n op m, or where the instruction adds or selects, changes d.
func (a *arm64) op(name string, d, n, m int) {
	code, ok := three[name]
	if !ok {
		panic("gen: no instruction " + name)
	}
	op, lanes, _ := strings.Cut(name, ".")
	a.word(code|uint32(m<<16|n<<5|d), "%s V%d.%s, V%d.%s, V%d.%s", op, d, lanes, n, lanes, m, lanes)
}

// two are instructions on two vectors, with the kinds of lanes of each.
var two = map[string]struct {
	code uint32
	d, n string
}{
	"FSQRT":   {0x6ea1f800, "4S", "4S"},
	"FABS":    {0x4ea0f800, "4S", "4S"},
	"FRINTN":  {0x4e218800, "4S", "4S"},
	"FCVTNS":  {0x4e21a800, "4S", "4S"},
	"FCVTL":   {0x0e617800, "2D", "2S"},
	"FCVTL2":  {0x4e617800, "2D", "4S"},
	"FCVTN":   {0x0e616800, "2S", "2D"},
	"FCVTN2":  {0x4e616800, "4S", "2D"},
	"FCMGT#0": {0x4ea0c800, "4S", "4S"},
}

// op2 writes d = op n.
func (a *arm64) op2(name string, d, n int) {
	i, ok := two[name]
	if !ok {
		panic("gen: no instruction " + name)
	}
	op, zero, _ := strings.Cut(name, "#")
	if zero != "" {
		zero = ", #0.0"
	}
	a.word(i.code|uint32(n<<5|d), "%s V%d.%s, V%d.%s%s", op, d, i.d, n, i.n, zero)
}

// fmlaLane writes d += n·m[lane].
func (a *arm64) fmlaLane(d, n, m, lane int) { a.lane(0x4f801000, "FMLA", d, n, m, lane) }

// fmlsLane writes d −= n·m[lane].
func (a *arm64) fmlsLane(d, n, m, lane int) { a.lane(0x4f805000, "FMLS", d, n, m, lane) }

// fmulLane writes d = n·m[lane].
func (a *arm64) fmulLane(d, n, m, lane int) { a.lane(0x4f809000, "FMUL", d, n, m, lane) }

func (a *arm64) lane(code uint32, name string, d, n, m, lane int) {
	a.word(code|uint32(lane&1<<21|lane>>1<<11|m<<16|n<<5|d), "%s V%d.4S, V%d.4S, V%d.S[%d]", name, d, n, m, lane)
}

// dup copies the lowest lane of n to all of d.
func (a *arm64) dup(d, n int) { a.word(0x4e040400|uint32(n<<5|d), "DUP V%d.4S, V%d.S[0]", d, n) }

// dup64 copies the lower float64 of n to both of d.
func (a *arm64) dup64(d, n int) { a.word(0x4e080400|uint32(n<<5|d), "DUP V%d.2D, V%d.D[0]", d, n) }

// shiftRight and shiftLeft shift the integers in the lanes; the sign stays.
func (a *arm64) shiftRight(d, n, by int) {
	a.word(0x4f000400|uint32((64-by)<<16|n<<5|d), "SSHR V%d.4S, V%d.4S, #%d", d, n, by)
}

func (a *arm64) shiftLeft(d, n, by int) {
	a.word(0x4f005400|uint32((32+by)<<16|n<<5|d), "SHL V%d.4S, V%d.4S, #%d", d, n, by)
}

// maxAcross sets the lowest lane of d to the maximum over the lanes of n: NaN, if one is.
func (a *arm64) maxAcross(d, n int) {
	a.word(0x6e30f800|uint32(n<<5|d), "FMAXV S%d, V%d.4S", d, n)
}

func (a *arm64) zero(v int) { a.op("EOR.16B", v, v, v) }

func (a *arm64) mov(d, n int) { a.op("ORR.16B", d, n, n) }

// constant sets all lanes of v to a word; r is lost.
func (a *arm64) constant(v, r int, bits uint32) {
	a.line("MOVD $0x%08x, R%d", bits, r)
	a.word(0x4e040c00|uint32(r<<5|v), "DUP V%d.4S, W%d", v, r)
}

// ldp and stp move two registers.
func (a *arm64) ldp(v, w, r, offset int) { a.line("FLDPQ %d(R%d), (F%d, F%d)", offset, r, v, w) }
func (a *arm64) stp(v, w, r, offset int) { a.line("FSTPQ (F%d, F%d), %d(R%d)", v, w, offset, r) }

// ldr and str move one.
func (a *arm64) ldr(v, r, offset int) { a.line("FMOVQ %d(R%d), F%d", offset, r, v) }
func (a *arm64) str(v, r, offset int) { a.line("FMOVQ F%d, %d(R%d)", v, offset, r) }

// ldrAt and strAt move one whose place is the sum of two registers.
func (a *arm64) ldrAt(v, r, index int) {
	a.word(0x3ce06800|uint32(index<<16|r<<5|v), "LDR Q%d, [X%d, X%d]", v, r, index)
}

func (a *arm64) strAt(v, r, index int) {
	a.word(0x3ca06800|uint32(index<<16|r<<5|v), "STR Q%d, [X%d, X%d]", v, r, index)
}

// A part is a number of the lowest lanes of a register: 4 are all, 8 those of the next register as well.

// loadPart loads part of a register, zeros in its other lanes. r and the bytes behind are read, tmp is lost.
func (a *arm64) loadPart(part, v, r, tmp int) {
	switch part {
	case 8:
		a.ldp(v, v+1, r, 0)
	case 4:
		a.ldr(v, r, 0)
	case 1:
		a.line("FMOVS (R%d), F%d", r, v)
	default:
		a.line("FMOVD (R%d), F%d", r, v)
	}
	if part == 3 {
		a.line("ADD $8, R%d, R%d", r, tmp)
		a.word(0x4d408000|uint32(tmp<<5|v), "LD1 {V%d.S}[2], [X%d]", v, tmp)
	}
}

// storePart stores part of a register. tmp is lost.
func (a *arm64) storePart(part, v, r, tmp int) {
	switch part {
	case 8:
		a.stp(v, v+1, r, 0)
	case 4:
		a.str(v, r, 0)
	case 1:
		a.line("FMOVS F%d, (R%d)", v, r)
	default:
		a.line("FMOVD F%d, (R%d)", v, r)
	}
	if part == 3 {
		a.line("ADD $8, R%d, R%d", r, tmp)
		a.word(0x4d008000|uint32(tmp<<5|v), "ST1 {V%d.S}[2], [X%d]", v, tmp)
	}
}

// getPart and putPart move whole registers of a part: one, or two of 8.
func (a *arm64) getPart(part, v, r int) { a.loadPart(max(part, 4), v, r, 0) }
func (a *arm64) putPart(part, v, r int) { a.storePart(max(part, 4), v, r, 0) }

// opPart is op on the registers of a part.
func (a *arm64) opPart(part int, name string, d, n, m int) {
	a.op(name, d, n, m)
	if part == 8 {
		a.op(name, d+1, n+1, m+1)
	}
}
