package main

// neonGroups write the kernels of NEON.
var neonGroups = []func(*arm64){
	neonTiles, neonWinograd, neonDots, neonOthers, neonChannels, neonElements, neonExps, neonNormalize, neonOptim,
}
