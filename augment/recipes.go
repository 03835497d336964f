package augment

// CIFAR returns the recipe for 32×32 images of the hybrid networks (arXiv 2103.14267): a random crop, a horizontal
// flip, and grayscale with a probability of 0.2. How the authors crop is not certain: this pads by 4, CIFARResized resizes.
func CIFAR() Transform {
	return Compose{Crop{Padding: 4}, Flip{P: 0.5}, Grayscale{P: 0.2}}
}

// CIFARResized is CIFAR with random boxes of a fifth of the image or more, brought to its size, in place of the crop, as SupCon (arXiv
// 2004.11362) crops.
func CIFARResized() Transform {
	return Compose{ResizedCrop{MinScale: 0.2}, Flip{P: 0.5}, Grayscale{P: 0.2}}
}

// CIFARStrong returns the recipe for 32×32 images that BCL (arXiv 2207.09052) and PaCo (arXiv 2107.12028) give their
// classifiers: a random crop with a padding of 4, a horizontal flip, AutoAugment, and Cutout of 16 pixels.
func CIFARStrong() Transform {
	return Compose{Crop{Padding: 4}, Flip{P: 0.5}, AutoAugment{Fill: 128}, Cutout{Size: 16}}
}

// SimAugment returns the recipe of contrastive learning (arXiv 2002.05709) in the strength that SupCon (arXiv 2004.11362)
// uses on CIFAR: a resized crop of at least a fifth of the image, a horizontal flip, jitter of 0.4 (hue 0.1) with a
// probability of 0.8, grayscale with 0.2 and, for images of 64 pixels a side and more, blur with 0.5. Others crop down to
// 8% or blur small images too.
func SimAugment(size int) Transform {
	recipe := Compose{ResizedCrop{MinScale: 0.2}, Flip{P: 0.5}, ColorJitter{0.4, 0.4, 0.4, 0.1, 0.8}, Grayscale{P: 0.2}}
	if size >= 64 {
		recipe = append(recipe, GaussianBlur{P: 0.5})
	}
	return recipe
}
