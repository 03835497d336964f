package main

// kernel is a function on pointers that some instruction sets provide.
type kernel struct {
	name, args, result string
	doc                string // what it does, after its name
	sets               []string
}

// The names of the instruction sets, as functions end with them. Where a processor has several that provide a kernel,
// the first one in this list does it.
const (
	nameAVX512BF16 = "AVX512BF16" // only kernels on bfloat16
	nameAVX512     = "AVX512"
	nameAVX2       = "AVX2"
	nameNEON       = "NEON"
)

var (
	all   = []string{nameAVX512, nameAVX2, nameNEON}
	pairs = []string{nameAVX512BF16}
)

// kernels is the table of what there is in assembly, and on which instruction sets.
var kernels = []kernel{
	// Products and convolution.
	{"rowTile", "a *float32, aoff *int, segs, segLen, segStep int, b, c *float32, coff *int, " +
		"rows, cols int, alpha float32, add bool", "",
		"computes a tile of C from rows of A, for heights that are a step of the level and at most two vectors of columns. " +
			"b has rows of two vectors, or of one when cols is not more.", all},
	{"colTile", "a, b *float32, segs, segLen, segA, segB, stepA, stepB int, c *float32, ldc, " +
		"rows, cols int, alpha float32, add bool", "",
		"computes a tile of C from columns of A and rows of B, for heights that are a step of the level or, with cols at " +
			"most a vector, twice the largest.", all},
	{"dot", "x, y *float32, n int", "float32",
		"returns Σ x·y, added up in four vectors of sums, which are added in a fixed order. n is not 0.", all},
	{"dotRows", "sums, a *float32, lda int, x *float32, n int", "",
		"sets sums to Σ a·x for each of 4 rows of n elements, each added up in two vectors of sums in a fixed order. n is not 0.", all},
	{"addRows", "dst, a *float32, lda int, x *float32, n int", "",
		"adds 4 rows of n elements to dst, each times its element of x, in order. n is not 0.", all},
	{"winogradInput", "r0, r1, r2, r3 *float32, pixel int, dst *float32, plane, tile, tiles, channels, right int", "",
		"is winogradInput.", all},
	{"winogradOutput", "m *float32, plane, tile int, y0, y1 *float32, pixel, tiles, channels int, add bool", "",
		"is winogradOutput.", all},
	{"winogradGradient", "y0, y1 *float32, pixel int, dst *float32, plane, tile, tiles, channels int", "",
		"is winogradGradient.", all},
	{"winogradProduct", "v, u, m *float32, blocks, depth, ldv, ldm, planeV, planeU, planeM, planes, vecs int", "",
		"is winogradProduct for blocks of as many rows as the level has, one vector or two wide.", all},
	{"winogradOuter", "v, w, du *float32, tiles, blocks, ldv, ldw, planeV, planeW, planeU, planes, vecs int", "",
		"is winogradOuter for blocks of as many rows as the level has, one vector or two wide.", all},
	{"winogradWeights", "w *float32, tap int, u *float32, plane, channels int", "", "is winogradWeights.", all},
	{"winogradFold", "du *float32, plane int, dw *float32, tap, channels int", "", "is winogradFold.", all},
	{"winogradInput4", "x *float32, line, pixel int, dst *float32, plane, tile, tiles, channels int", "", "is winogradInput4.", all},
	{"winogradOutput4", "m *float32, plane, tile int, y *float32, line, pixel, tiles, channels int, add bool", "", "is winogradOutput4.", all},
	{"winogradGradient4", "y *float32, line, pixel int, dst *float32, plane, tile, tiles, channels int", "", "is winogradGradient4.", all},
	{"winogradWeights4", "w *float32, tap int, u *float32, plane, channels int", "", "is winogradWeights4.", all},
	{"winogradFold4", "du *float32, plane int, dw *float32, tap, channels int", "", "is winogradFold4.", all},
	{"transpose", "y *float32, ldy int, x *float32, ldx, n int", "",
		"sets 8 columns of y to the transpose of 8 rows of x, of n values, n a multiple of 8.", []string{nameAVX2, nameNEON}},
	// The same on pairs of bfloat16: a float32 of a, b, v, u and w stands for two numbers, whose products with two others are
	// added to one sum, that of the upper ones first.
	{"rowTilePairs", "a *float32, aoff *int, segs, segLen, segStep int, b, c *float32, coff *int, " +
		"rows, cols int, alpha float32, add bool", "", "is rowTile of pairs.", pairs},
	{"colTilePairs", "a, b *float32, segs, segLen, segA, segB, stepA, stepB int, c *float32, ldc, " +
		"rows, cols int, alpha float32, add bool", "", "is colTile of pairs.", pairs},
	{"winogradProductPairs", "v, u, m *float32, blocks, depth, ldv, ldm, planeV, planeU, planeM, planes, vecs int", "",
		"is winogradProduct of pairs.", pairs},
	{"winogradOuterPairs", "v, w, du *float32, tiles, blocks, ldv, ldw, planeV, planeW, planeU, planes, vecs int", "",
		"is winogradOuter of pairs.", pairs},
	{"scaleShiftPacked", "y, x, shortcut, scale, shift *float32, rows, stride, cols int, floor float32", "",
		"is scaleShift of x that is bfloat16 in pairs.", pairs},
	{"scaleShiftAddPacked", "y, x, shortcut, scale, shift *float32, rows, stride, cols int, floor float32", "",
		"is scaleShift of x and a shortcut, to y, that all are bfloat16 in pairs.", pairs},
	{"batchNormGradSumsPacked", "dy, x, y, mean, scale, shift *float32, rows, stride, cols int, sumG, sumGX *float64", "",
		"is batchNormGradSums of x and y that are bfloat16 in pairs.", pairs},
	{"batchNormGradInputPacked", "dx, dy, x, mean, k1, k2, k3, scale, shift *float32, rows, stride, cols int", "",
		"is batchNormGradInput of x that is bfloat16 in pairs.", pairs},
	{"toBFloat16", "y, x *float32, n int", "", "sets n numbers of y to x, rounded. n is a multiple of 16.", pairs},
	{"fromBFloat16", "y, x *float32, n int", "", "sets y to n numbers of x. n is a multiple of 16.", pairs},
	{"pairRows", "y, a, b *float32, n int", "", "sets the lower numbers of n pairs to a, the upper ones to b, rounded. " +
		"n is a multiple of 16.", pairs},
	{"zipRows", "y, a, b *float32, n, rows, step int", "", "sets the lower numbers of n pairs to those of a, the upper ones to those of b, " +
		"for each of rows that are step apart in a and in b. n is a multiple of 16.", pairs},
	{"winogradInputPairs", "r0, r1, r2, r3 *float32, pixel int, dst *float32, plane, tile, tiles, channels, right int", "",
		"is winogradInput, rounded to pairs of channels.", pairs},
	{"winogradGradientPairs", "y0, y1 *float32, pixel int, dst *float32, plane, tile, tiles, channels int", "",
		"is winogradGradient, rounded to pairs of channels.", pairs},
	{"peak", "n int", "", "does n times 12 vectors of fused multiply-adds.", all},

	// Down a block of columns: cols is a block of the level, or less than a vector.
	{"channelSums", "x *float32, rows, stride, cols int, sum, sumsq *float64", "",
		"sets the sums and sums of squares of the columns, for whole vectors. rows is not 0.", all},
	{"scaleShift", "y, x, shortcut, scale, shift *float32, rows, stride, cols int, floor float32", "",
		"sets y = max(x·scale + shift + shortcut, floor), without the shortcut when it is nil. rows is not 0.", all},
	{"batchNormGradSums", "dy, x, y, mean, scale, shift *float32, rows, stride, cols int, sumG, sumGX *float64", "",
		"sets dy to 0 where y is not positive, unless y is nil, and sets the sums of dy and of dy·(x−mean), for whole vectors. " +
			"With scale not nil, dy counts as 0 where x·scale + shift is not positive. rows is not 0.", all},
	{"batchNormGradInput", "dx, dy, x, mean, k1, k2, k3, scale, shift *float32, rows, stride, cols int", "",
		"sets dx = k1·dy + k2·(x−mean) + k3. With scale not nil, dy counts as 0 where x·scale + shift is not positive. " +
			"rows is not 0.", all},

	// Elements in whole vectors: n is a multiple of their lanes.
	{"addScaled", "dst, x *float32, alpha float32, n int", "", "adds alpha·x to dst.", all},
	{"scale", "x *float32, alpha float32, n int", "", "multiplies x by alpha.", all},
	{"subTwo", "y, x *float32, hi, lo float32, n int", "", "sets y = x − hi − lo.", all},
	{"relu", "y, x *float32, n int", "", "sets y = max(x, 0), keeping NaN.", all},
	{"reluGrad", "dx, dy, y *float32, n int", "", "adds dy to dx where y > 0.", all},

	// Any number n of elements.
	{"sigmoid", "y, x *float32, n int", "", "sets y = 1/(1+exp(−x)).", all},
	{"tanh", "y, x *float32, n int", "", "sets y = tanh(x).", all},
	{"maximum", "x *float32, n int", "float32", "returns the maximum: NaN when x has one, −Inf for n 0.", all},
	{"expSum", "y, x *float32, n int, top float32", "float64",
		"sets y = exp(x − top), unless y is nil, for x at most top, and returns the sum, added in float64.", all},
	{"maxTo", "top, x *float32, n int", "", "sets top = max(top, x); where x is NaN, to NaN.", all},
	{"addExp", "sum, x, top *float32, n int", "", "adds exp(x − top) to sum, for x − top at most 80.", all},
	{"pairExp", "y, x, top, scale *float32, n int, rowTop, rowScale float32", "",
		"sets y = rowScale·exp(x − rowTop) + scale·exp(x − top), for exponents at most 80.", all},
	{"dotWide", "x, y *float32, n int", "float64", "returns Σ x·y, added in float64 in a fixed order.", all},
	{"scaleWide", "y, x *float32, n int, scale float64", "", "sets y = scale·x, multiplied in float64.", all},
	{"addTangent", "dx, dy, y *float32, n int, dot, scale float64", "",
		"adds scale·(dy − dot·y) to dx, calculated in float64.", all},
	{"maxTap", "best *float32, arg *int32, x *float32, n int, pixel int32", "",
		"sets best to x and arg to pixel where x is greater, or NaN while best is not.", all},
	{"addWide", "sum *float64, x *float32, n int", "",
		"adds x to sum, which has room for whole vectors: beyond n it is left as it is.", all},
	{"sgdPlain", "value, grad *float32, n int, rate, decay float32", "",
		"sets value −= rate·(grad + decay·value).", all},
	{"sgdMomentum", "value, buf, grad *float32, n int, rate, mu, decay float32", "",
		"sets buf = mu·buf + grad + decay·value and value −= rate·buf.", all},
	{"sgdNesterov", "value, buf, grad *float32, n int, rate, mu, decay float32", "",
		"sets d = grad + decay·value, buf = mu·buf + d and value −= rate·(d + mu·buf).", all},
	{"adam", "value, mean, square, grad *float32, n int, rate, keep, decay, mix1, beta2, mix2, unbias, epsilon float32", "",
		"sets value = keep·value, d = grad + decay·value, mean += mix1·(d − mean), square = beta2·square + mix2·d² and " +
			"value −= rate·mean/(√square/unbias + epsilon).", all},
}

// lookUp returns the kernel of a name that the instruction set is to provide.
func lookUp(name, set string) kernel {
	for _, k := range kernels {
		if k.name == name && k.on(set) {
			return k
		}
	}
	panic("gen: the table has no " + name + " on " + set)
}

// on says whether the instruction set provides the kernel.
func (k kernel) on(set string) bool {
	for _, s := range k.sets {
		if s == set {
			return true
		}
	}
	return false
}

// signature is the type of the kernel, without func.
func (k kernel) signature() string {
	if k.result == "" {
		return "(" + k.args + ")"
	}
	return "(" + k.args + ") " + k.result
}
