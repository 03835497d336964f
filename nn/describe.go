package nn

// Describer is a module that says what it is, so that a file of its weights can say how to build it again.
type Describer interface {
	// Describe returns the name of the module's kind, such as "cifar-resnet", and what a module of that kind is built from.
	// encoding/json must be able to write the settings and to read them again; weights are no part of them.
	Describe() (name string, settings any)
}
