package longtail

// Version is the version of the library. Model files say which one saved them.
const Version = "v0.1.0"
