package dataset

import (
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
)

// CacheSettings bound what a Cache keeps. Its zero value keeps nothing.
type CacheSettings struct {
	Memory int64  // bytes of pixels in memory
	File   int64  // bytes of pixels in a temporary file, for images that memory has no room for
	Dir    string // of that file; "" means os.TempDir
}

// Cache is a Dataset that decodes each image of another once, as long as there is room: the first to be read are kept in
// memory, those after them in a temporary file, and the rest are decoded each time. What is kept are the bytes that the other
// set gives, so that a cache changes no result. Images may have any size.
type Cache struct {
	Dataset
	settings CacheSettings
	kept     []atomic.Pointer[kept]

	mu    sync.Mutex
	file  *os.File // nil: none was needed
	stats CacheStats
	end   int64 // of what is given out of the file
}

// CacheStats says what a Cache holds.
type CacheStats struct {
	Images       int   // that are kept
	Memory, File int64 // bytes of them
	Err          error // why the file takes no more images, such as a full disk, while there should be room; nil: it does
}

// kept is an image that was read. One of no channels is being read, or there was no room for it.
type kept struct {
	shape Shape
	pix   []uint8 // nil: in the file
	at    int64
}

var claimed = &kept{}

// NewCache returns a cache of d, which is empty. Close it to give the file back. Check reads all images of a cache ahead.
func NewCache(d Dataset, s CacheSettings) (*Cache, error) {
	if s.Memory < 0 || s.File < 0 {
		return nil, fmt.Errorf("dataset: a cache of %d bytes in memory and %d in a file: neither may be negative", s.Memory, s.File)
	}
	return &Cache{Dataset: d, settings: s, kept: make([]atomic.Pointer[kept], d.Len())}, nil
}

// Stats says what is kept by now.
func (c *Cache) Stats() CacheStats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stats
}

// Close removes the temporary file. The images in it are an error from then on.
func (c *Cache) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.file == nil || c.settings.File == 0 {
		return nil
	}
	err := c.file.Close()
	os.Remove(c.file.Name()) // where an open file cannot be removed
	c.settings.File = 0
	return err
}

// Fit is that of the other set, as are the methods below.
func (c *Cache) Fit() Fit { return FitOf(c.Dataset) }

func (c *Cache) Normalization() (mean, std []float64) { return NormalizationOf(c.Dataset) }

func (c *Cache) name(i int) string { return NameOf(c.Dataset, i) }

func (c *Cache) path(i int) string { return PathOf(c.Dataset, i) }

// Image fills dst with image i.
func (c *Cache) Image(i int, dst *Image) error {
	if err := checkIndex(i, len(c.kept)); err != nil {
		return err
	}
	entry := &c.kept[i]
	if k := entry.Load(); k != nil && k != claimed {
		dst.Resize(k.shape)
		if k.pix != nil {
			copy(dst.Pix, k.pix)
			return nil
		}
		if _, err := c.file.ReadAt(dst.Pix, k.at); err != nil {
			return fmt.Errorf("dataset: %s in the cache: %w", c.name(i), err)
		}
		return nil
	}
	if err := c.Dataset.Image(i, dst); err != nil {
		return err
	}
	if entry.CompareAndSwap(nil, claimed) {
		if k := c.keep(dst); k != nil {
			entry.Store(k)
		}
	}
	return nil
}

// keep keeps an image if there is room for it.
func (c *Cache) keep(img *Image) *kept {
	n := int64(len(img.Pix))
	if img.Check() != nil || n == 0 {
		return nil
	}
	inMemory, at := c.room(n)
	k := &kept{shape: img.Shape(), at: at}
	switch {
	case inMemory:
		k.pix = slices.Clone(img.Pix)
	case at < 0:
		return nil
	default:
		if _, err := c.file.WriteAt(img.Pix, at); err != nil {
			c.fail(err)
			return nil
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stats.Images++
	if !inMemory {
		c.stats.File += n
	}
	return k
}

// room gives n bytes out: in memory, or at a place in the file; below 0 there is none.
func (c *Cache) room(n int64) (inMemory bool, at int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stats.Memory+n <= c.settings.Memory {
		c.stats.Memory += n
		return true, 0
	}
	if c.end+n > c.settings.File || c.stats.Err != nil {
		return false, -1
	}
	if c.file == nil {
		file, err := os.CreateTemp(c.settings.Dir, "longtail-images-*")
		if err != nil {
			c.stats.Err = fmt.Errorf("dataset: the file of a cache: %w", err)
			return false, -1
		}
		os.Remove(file.Name()) // so that nothing is left of a process that is killed; not everywhere possible
		c.file = file
	}
	c.end += n
	return false, c.end - n
}

func (c *Cache) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stats.Err = fmt.Errorf("dataset: the file of a cache: %w", err)
}
