package posthoc_test

import (
	"context"
	"fmt"

	"github.com/longtail-ml/longtail/metrics"
	"github.com/longtail-ml/longtail/posthoc"
	"github.com/longtail-ml/longtail/tensor"
)

// A head trained on ten times as many images of class 0 says 0 too often; half its prior's weight, chosen on held-out
// images, mends that.
func ExampleAdjustLogits() {
	held, labels := matrix(4, 2, 3, 0, 2.4, 0, 1, 0, 0, 1), []int{0, 0, 1, 1}
	counts := []int{1000, 100}
	tau, _, err := posthoc.ChooseAdjustment(held, labels, counts, []float64{0, 0.5, 1, 1.5})
	if err != nil {
		fmt.Println(err)
		return
	}
	adjusted, err := posthoc.AdjustLogits(matrix(1, 2, 0.5, 0), counts, tau)
	fmt.Printf("tau %.1f: %.2f %v\n", tau, adjusted.Data(), err)
	// Output: tau 0.5: [0.55 1.20] <nil>
}

func ExampleTauNormalize() {
	head, err := posthoc.TauNormalize(linear(2, 2, []float32{6, 8, 0, 1}, nil), 1)
	fmt.Println(head.Weight.Value.Data(), err)
	// Output: [0.6 0.8 0 1] <nil>
}

func ExampleChooseTau() {
	head := linear(2, 2, []float32{10, 0, 0, 1}, nil)
	held := posthoc.Set{Features: matrix(2, 2, 1, 0.5, 0.5, 1), Labels: []int{0, 1}, Classes: 2}
	tau, trials, err := posthoc.ChooseTau(head, held, []float64{0, 1})
	fmt.Println(tau, trials, err)
	// Output: 1 [{0 50.00} {1 100.00}] <nil>
}

// long is a set of two classes, twenty images and four.
func long() posthoc.Set {
	s := posthoc.Set{Features: matrix(24, 2, make([]float32, 48)...), Labels: make([]int, 24), Classes: 2}
	for i := range 24 {
		x := s.Features.Rows(i, i+1).Data()
		x[0], x[1] = 1, float32(i%4)/10
		if i >= 20 {
			s.Labels[i], x[0], x[1] = 1, float32(i%4)/10, 1
		}
	}
	return s
}

func ExampleRetrain_CRT() {
	head, err := posthoc.Retrain{Seed: 1, Epochs: 30}.CRT(context.Background(), long())
	if err != nil {
		fmt.Println(err)
		return
	}
	scores, err := posthoc.Logits(head, matrix(2, 2, 1, 0, 0, 1))
	if err != nil {
		fmt.Println(err)
		return
	}
	confusion, err := posthoc.Judge(scores, []int{0, 1})
	fmt.Println(confusion.Top1(), err)
	// Output: 100.00 <nil>
}

func ExampleRetrain_LWS() {
	head := linear(2, 2, []float32{3, 0, 0, 1}, nil) // class 0 is three times as loud
	_, scales, err := posthoc.Retrain{Seed: 1}.LWS(context.Background(), head, long())
	fmt.Println(scales[1] > scales[0], err)
	// Output: true <nil>
}

func ExampleNewClassMeans() {
	means, err := posthoc.NewClassMeans(long(), posthoc.ClassMeansSettings{})
	if err != nil {
		fmt.Println(err)
		return
	}
	scores, err := means.Scores(matrix(1, 2, 2, 1))
	fmt.Printf("%.2f %v\n", scores.Data(), err)
	// Output: [0.95 0.57] <nil>
}

func ExampleKNN() {
	scores, err := posthoc.KNN{K: 3, Temperature: 1}.Scores(long(), matrix(1, 2, 0.5, 1))
	fmt.Printf("%.2f %v\n", scores.Data(), err)
	// Output: [0.00 2.93] <nil>
}

func ExampleFitTemperature() {
	logits := matrix(4, 2, 4, 0, 4, 0, 4, 0, 4, 0) // surer than three of four
	t, err := posthoc.FitTemperature(logits, []int{0, 0, 0, 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := metrics.Softmax(logits.Data()[:2], 2, t)
	fmt.Printf("T = %.2f: %.2f %v\n", t, p, err)
	// Output: T = 3.64: [0.75 0.25] <nil>
}

func ExampleJudge() {
	means, err := posthoc.NewClassMeans(long(), posthoc.ClassMeansSettings{Center: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	scores, err := means.Scores(long().Features)
	if err != nil {
		fmt.Println(err)
		return
	}
	confusion, err := posthoc.Judge(scores, long().Labels)
	fmt.Println(confusion.BalancedAccuracy(), err)
	// Output: 100.00 <nil>
}

// Any number can be chosen, here the temperature of the neighbours' votes.
func ExampleChoose() {
	held := posthoc.Set{Features: matrix(2, 2, 1, 0.1, 0.6, 1), Labels: []int{0, 1}, Classes: 2}
	best, trials, err := posthoc.Choose([]float64{10, 0.05}, held.Labels, func(v float64) (*tensor.Tensor, error) {
		return posthoc.KNN{K: 24, Temperature: v}.Scores(long(), held.Features)
	})
	fmt.Println(best, trials, err)
	// Output: 0.05 [{10 50.00} {0.05 100.00}] <nil>
}
