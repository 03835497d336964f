package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/longtail-ml/longtail/checkpoint"
	"github.com/stretchr/testify/require"
)

// What cannot be recorded ends the run before anything is saved that is ahead of it.
func TestARunEndsWhereItCannotBeRecorded(t *testing.T) {
	out := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(out, "steps.csv"), []byte("of another program\n"), 0o666))
	err := runWith(t, context.Background(), nil, small(classFolders(t), out))
	require.ErrorContains(t, err, "train: Observers[1] (*record.Files) at the beginning: record: resuming "+filepath.Join(out, "steps.csv")+
		`: line 1 is "of another program\n", not "step,name,value,time\n"`)
	all, err := checkpoint.Store{Dir: filepath.Join(out, "checkpoints")}.List()
	require.NoError(t, err)
	require.Empty(t, all)
}

// Every step and every epoch has a row of each of its figures, in order.
func TestWhatIsRecorded(t *testing.T) {
	out := t.TempDir()
	require.NoError(t, runWith(t, context.Background(), nil, small(classFolders(t), out, "-epochs", "2", "-eval-every", "2")))
	require.Regexp(t, `^0,loss/psc,[^,]*
0,weight/psc,1
0,loss/ce,[^,]*
0,weight/ce,0
0,loss,[^,]*
0,lr,0.05
0,gradient norm,[^,]*
1,loss/psc,`, table(t, filepath.Join(out, "steps.csv")))
	require.Regexp(t, `^0,loss/psc,[^,]*
0,weight/psc,1
0,loss/ce,[^,]*
0,weight/ce,0
0,loss,[^,]*
0,lr,0.05
1,loss/psc,[^,]*
1,weight/psc,0.75
1,loss/ce,[^,]*
1,weight/ce,0.25
1,loss,[^,]*
1,lr,0.005[^,]*
1,test/top1,[^,]*
1,test/balanced accuracy,[^,]*
1,test/macro F1,[^,]*
(1,test/(many|medium|few),[^,]*
)*1,test/top1 of the average weights,[^,]*
1,test/balanced accuracy of the average weights,[^,]*
1,test/macro F1 of the average weights,[^,]*`, table(t, filepath.Join(out, "metrics.csv")))
	for _, name := range []string{"metrics", "steps"} {
		events, err := filepath.Glob(filepath.Join(out, "tensorboard", name, "events.out.tfevents.*"))
		require.NoError(t, err)
		require.Len(t, events, 1)
	}
}
