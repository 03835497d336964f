// Package hybrid has the models: hybrid networks for long-tailed image classification (arXiv 2103.14267).
//
// A Network is one backbone with two heads. The projection head gives a unit embedding, trained by a contrastive loss;
// the classifier head gives logits, trained by cross-entropy and used alone for prediction, by a Predictor. Streams say
// what it is trained on: each draws its own batches with its own sampler and views, and its Terms are losses with weights
// that follow a schedule. SC and PSC are the paper's two streams, CE is a plain classifier, and your own methods are slices
// of streams, whose samples may be blended (Mixer), given partners (Partner) or keys by a momentum encoder. Package train
// trains a network on streams.
//
// Save writes a model file: the weights as safetensors, which PyTorch reads too, and in the metadata what Open needs to
// build the network again and its Predictor to name the classes of pictures: backbone and heads with their settings, size
// and normalisation of images, how pictures are brought to that size, class names, a checksum. Modules of your own say what
// they are as an nn.Describer, and are built by the Builders given to OpenWith.
package hybrid
