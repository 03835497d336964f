//go:build linux && (amd64 || arm64) && !nompi

package mpi

import (
	"bytes"
	"cmp"
	"fmt"
	"strings"
	"unsafe"

	"github.com/ebitengine/purego"
)

// library is Open MPI in this process: the functions that are called, and the objects that its handles point to.
type library struct {
	initThread, finalize, commRank, commSize, setErrhandler, errorString, isend, irecv, testOne uintptr

	world, byteType, errorsReturn uintptr

	out struct { // what MPI writes: on the heap, where it stays while l does
		provided, rank, size, done, length int32
		text                               [4096]byte
	}
}

// load finds Open MPI.
func load(file string) (*library, error) {
	file = cmp.Or(file, "libmpi.so.40")
	// What Open MPI loads by itself needs its symbols: hence RTLD_GLOBAL.
	handle, err := purego.Dlopen(file, purego.RTLD_NOW|purego.RTLD_GLOBAL)
	if err != nil {
		return nil, fmt.Errorf("mpi: Open MPI is not found (tried %s: %w): install libopenmpi3 (Debian and Ubuntu; libopenmpi40 in newer ones) or "+
			"openmpi (Fedora), or put the folder that has it on LD_LIBRARY_PATH, on every machine of the job", file, err)
	}
	l := &library{}
	var missing []string
	for name, to := range map[string]*uintptr{
		"MPI_Init_thread": &l.initThread, "MPI_Finalize": &l.finalize, "MPI_Comm_rank": &l.commRank, "MPI_Comm_size": &l.commSize,
		"MPI_Comm_set_errhandler": &l.setErrhandler, "MPI_Error_string": &l.errorString, "MPI_Isend": &l.isend, "MPI_Irecv": &l.irecv,
		"MPI_Test":            &l.testOne,
		"ompi_mpi_comm_world": &l.world, "ompi_mpi_byte": &l.byteType, "ompi_mpi_errors_return": &l.errorsReturn,
	} {
		if *to, err = purego.Dlsym(handle, name); err != nil {
			missing = append(missing, name)
		}
	}
	if missing != nil {
		return nil, fmt.Errorf("mpi: %s is not Open MPI 4 or 5: it lacks %s", file, strings.Join(missing, ", "))
	}
	return l, nil
}

// call calls a function that returns an error code of MPI.
func (l *library) call(name string, function uintptr, args ...uintptr) error {
	code, _, _ := purego.SyscallN(function, args...)
	if int32(code) == 0 {
		return nil
	}
	return fmt.Errorf("%s: %s", name, l.text(code))
}

// text is what MPI says of an error.
func (l *library) text(code uintptr) string {
	clear(l.out.text[:])
	purego.SyscallN(l.errorString, code, address(&l.out.text[0]), address(&l.out.length))
	text, _, _ := bytes.Cut(l.out.text[:], []byte{0})
	if len(text) == 0 {
		return fmt.Sprintf("error %d", int32(code))
	}
	return string(text)
}

// start begins MPI for the thread that calls it, and returns this process's rank and their number.
func (l *library) start() (rank, size int, err error) {
	const funneled = 1
	if err := l.call("MPI_Init_thread", l.initThread, 0, 0, funneled, address(&l.out.provided)); err != nil {
		return 0, 0, err
	}
	if l.out.provided < funneled {
		return 0, 0, fmt.Errorf("MPI_Init_thread: this build of Open MPI is for programs of one thread (it has %d, %d is needed)", l.out.provided, funneled)
	}
	for _, c := range []struct {
		name     string
		function uintptr
		arg      uintptr
	}{
		{"MPI_Comm_set_errhandler", l.setErrhandler, l.errorsReturn}, {"MPI_Comm_rank", l.commRank, address(&l.out.rank)}, {"MPI_Comm_size", l.commSize, address(&l.out.size)},
	} {
		if err := l.call(c.name, c.function, l.world, c.arg); err != nil {
			return 0, 0, err
		}
	}
	return int(l.out.rank), int(l.out.size), nil
}

// address is where something on the heap lies, which the caller keeps alive.
func address[T any](p *T) uintptr { return uintptr(unsafe.Pointer(p)) }
