// Package posthoc changes a classifier after training, by what a frozen backbone has made of the images: no image is
// looked at again.
//
// A [Set] is cached features with labels, or those that another program's model made ([SetOf]). From the logits of a trained head come [AdjustLogits], [FitTemperature], and,
// for images whose classes are distributed in another way, [AdjustToPrior] and [EstimatePrior]; from
// its weights [TauNormalize] and [AdjustHead]; heads are trained anew on the features by [Retrain] (cRT and LWS); and
// [NewClassMeans], which has a head too, and [KNN] classify by the features alone. Of several experts ([ExpertLogits]) each is given a
// weight ([Aggregation], [WeighExperts]), or asked where it is needed ([Router]). Whatever the method, its scores are [rows, classes], the largest of a row is the
// prediction, and [Judge] counts them.
//
// Hyper-parameters are chosen by [Choose] and its kin on a held-out split, by balanced accuracy, since the split may be as
// long-tailed as the training set. Choosing on the test set would measure the choice, not the method.
//
// Invariants: arguments are only read; heads, logits and features are returned anew. The same seed gives the same head.
// Shapes that do not fit, labels out of range and values that are not finite are errors.
//
// Limits: features are held in memory as one tensor, and heads that are changed or trained are linear.
package posthoc
