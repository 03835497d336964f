package main

// neonBlock is one variant of a loop down a block of columns: regs registers of four, or with part 1 a single column.
type neonBlock struct {
	*arm64
	regs, part int
	name       string // of its labels
	next       int    // vector register
}

// The general registers of the loops down columns: R0 to R4 point into rows, R5 to R8 are for the variants.
const (
	colStride, colRows, colCols, colOffset, colLeft, colTmp = 9, 10, 11, 12, 13, 14
)

// take returns n registers for each of the block's.
func (b *neonBlock) take(n int) []int {
	v := make([]int, n*b.regs)
	for i := range v {
		v[i] = b.next
		b.next++
	}
	if b.next > 32 {
		panic("gen: out of vector registers")
	}
	return v
}

func (b *neonBlock) get(v, r, i int) {
	if b.part == 1 {
		b.line("FMOVS (R%d), F%d", r, v)
	} else {
		b.ldr(v, r, 16*i)
	}
}

func (b *neonBlock) put(v, r, i int) {
	if b.part == 1 {
		b.line("FMOVS F%d, (R%d)", v, r)
	} else {
		b.str(v, r, 16*i)
	}
}

// pointer loads an argument, and adds the place of the block unless it is nil.
func (b *neonBlock) pointer(r int, name string) {
	b.load(r, name)
	b.line("CBZ R%d, %snil%s", r, b.name, name)
	b.line("ADD R%d, R%d, R%d", colOffset, r, r)
	b.label(b.name + "nil" + name)
}

// values loads the block's part of an argument into registers of its own.
func (b *neonBlock) values(name string) []int {
	v := b.take(1)
	b.pointer(colTmp, name)
	for i := range v {
		b.get(v[i], colTmp, i)
	}
	return v
}

// columns writes the variants of a function of the given slices, whose rows R0 and on point into. A block of fewer columns
// than eight is done in fours, and then one by one.
func (a *arm64) columns(name string, slices []string, write func(b *neonBlock)) {
	a.begin(name, 0)
	a.loadBytes(colStride, "stride")
	a.load(colCols, "cols")
	a.line("MOVD $0, R%d", colOffset)
	a.line("CMP $16, R%d", colCols)
	a.line("BEQ four")
	a.line("CMP $8, R%d", colCols)
	a.line("BEQ two")
	a.label("rest")
	a.line("CMP $4, R%d", colCols)
	a.line("BGE one")
	a.line("CBNZ R%d, single", colCols)
	a.line("RET")
	for _, v := range []struct {
		name       string
		regs, part int
	}{{"four", 4, 4}, {"two", 2, 4}, {"one", 1, 4}, {"single", 1, 1}} {
		b := &neonBlock{arm64: a, regs: v.regs, part: v.part, name: v.name}
		a.label(b.name)
		for i, s := range slices {
			b.pointer(i, s)
		}
		a.load(colLeft, "rows")
		write(b)
	}
}

// eachRow writes a loop over the rows, whose slices are the first n, and then what finish writes; it goes on to the columns
// that are left.
func (b *neonBlock) eachRow(suffix string, n int, body func(i int), finish func()) {
	b.label(b.name + suffix)
	for i := range b.regs {
		body(i)
	}
	for r := range n {
		b.line("ADD R%d, R%d, R%d", colStride, r, r)
	}
	b.line("SUBS $1, R%d, R%d", colLeft, colLeft)
	b.line("BNE %s%s", b.name, suffix)
	if finish != nil {
		finish()
	}
	if b.regs > 1 {
		b.line("RET")
		return
	}
	b.line("ADD $%d, R%d, R%d", 4*b.part, colOffset, colOffset)
	b.line("SUB $%d, R%d, R%d", b.part, colCols, colCols)
	b.line("B rest")
}

// storeSums writes float64 sums, low and high halves of registers in turn.
func (b *neonBlock) storeSums(name string, sums []int) {
	b.load(colTmp, name)
	b.line("ADD R%d<<1, R%d, R%d", colOffset, colTmp, colTmp)
	if b.part == 1 {
		b.line("FMOVD F%d, (R%d)", sums[0], colTmp)
		return
	}
	for i := 0; i < len(sums); i += 2 {
		b.stp(sums[i], sums[i+1], colTmp, 16*i)
	}
}
