package match

import (
	"encoding/binary"
	"slices"
)

// Keys are kept in pages: each key's records, or its count, stand in the page
// that its first bits name. A page is read whole; a register of two million
// records has about a hundred and fifty items in each.

// pageBits is how many bits of a key name its page.
const pageBits = 18

// Pages is how many pages there are.
const Pages = 1 << pageBits

// PageNumber names a page, from 0 to Pages-1.
type PageNumber uint32

// Page gives the page on which a key stands.
func (k Key) Page() PageNumber { return PageNumber(k >> (64 - pageBits)) }

// Item is a record under a key, or a key's count. Items sort by page, key and
// value. It is 18 bits of page, 22 of the rest of the key, 24 of value: keys
// that agree so far count as one, but a key that is counted never as one that
// leads to records.
type Item uint64

const (
	valueBits = 24
	valueMask = 1<<valueBits - 1
	tooMany   = valueMask      // in the place of a key's records when they are more than it may lead to
	wideBit   = 1 << valueBits // of a key that may lead to wideLimit records
	countBit  = 2 << valueBits // of a key that is counted
	itemBytes = 6
	itemMask  = 1<<(8*itemBytes-2) - 1 // without the page
)

// item puts a value under a key.
func item(k Key, value uint32) Item { return Item(k&^valueMask) | Item(value&valueMask) }

// ItemOf puts a record under a key.
func ItemOf(k Key, id ID) Item { return item(k, uint32(id)) }

// Page gives the page on which an item stands.
func (i Item) Page() PageNumber { return PageNumber(i >> (64 - pageBits)) }

func (i Item) key() Item { return i &^ valueMask }

// limit is how many records a key may lead to.
func limit(key Item) int {
	if key&wideBit != 0 {
		return wideLimit
	}
	return keyLimit
}

// Change is what one import does to the keys: records added and taken away
// under keys, and keys counted up and down.
type Change struct {
	Added, Removed         []Item
	CountedUp, CountedDown []Item // values are ignored: each item is one
}

// Sort brings a change into the order in which Merge takes it.
func (c *Change) Sort() {
	for _, items := range [][]Item{c.Added, c.Removed, c.CountedUp, c.CountedDown} {
		slices.Sort(items)
	}
}

// next cuts the items of the first page off each list and gives that page.
func (c *Change) next() (page PageNumber, part Change, ok bool) {
	page = Pages
	for _, l := range [][]Item{c.Added, c.Removed, c.CountedUp, c.CountedDown} {
		if len(l) > 0 {
			page, ok = min(page, l[0].Page()), true
		}
	}
	cut := func(l *[]Item) []Item {
		n := 0
		for n < len(*l) && (*l)[n].Page() == page {
			n++
		}
		part := (*l)[:n:n]
		*l = (*l)[n:]
		return part
	}
	return page, Change{cut(&c.Added), cut(&c.Removed), cut(&c.CountedUp), cut(&c.CountedDown)}, ok
}

// Each calls do for every page that a sorted change touches, with what changes
// on it.
func (c Change) Each(do func(page PageNumber, part Change) error) error {
	for {
		page, part, ok := c.next()
		if !ok {
			return nil
		}
		if err := do(page, part); err != nil {
			return err
		}
	}
}

// MergePage gives a page after a change.
func MergePage(page PageNumber, packed string, c Change) []byte {
	base := Item(page) << (64 - pageBits)
	items := make([]Item, 0, len(packed)/itemBytes+len(c.Added)+len(c.CountedUp))
	for at := 0; at+itemBytes <= len(packed); at += itemBytes {
		items = append(items, base|unpackItem(packed[at:]))
	}
	had := len(items)
	items = append(items, c.Added...)
	if len(c.Removed) > 0 {
		items = slices.DeleteFunc(items, func(i Item) bool {
			if _, removed := slices.BinarySearch(c.Removed, i); !removed {
				return false
			}
			_, again := slices.BinarySearch(c.Added, i)
			return !again
		})
	}
	if had > 0 || len(c.Removed) > 0 {
		slices.Sort(items)
	}
	items = slices.Compact(items)
	items = capped(items)
	items = counted(items, c.CountedUp, 1)
	items = counted(items, c.CountedDown, -1)
	slices.Sort(items)
	out := make([]byte, 0, len(items)*itemBytes)
	for _, i := range items {
		var b [8]byte
		binary.BigEndian.PutUint64(b[:], uint64(i&itemMask))
		out = append(out, b[8-itemBytes:]...)
	}
	return out
}

// capped replaces the records of a key by one mark where they are too many.
func capped(items []Item) []Item {
	out := items[:0]
	for i := 0; i < len(items); {
		j := i
		for j < len(items) && items[j].key() == items[i].key() {
			j++
		}
		if j-i > limit(items[i]) || items[j-1]&valueMask == tooMany {
			out = append(out, items[i].key()|tooMany)
		} else {
			out = append(out, items[i:j]...)
		}
		i = j
	}
	return out
}

// counted adds to the counts.
func counted(items, changes []Item, each int) []Item {
	for i := 0; i < len(changes); {
		j := i
		for j < len(changes) && changes[j].key() == changes[i].key() {
			j++
		}
		key, n := changes[i].key(), each*(j-i)
		at := slices.IndexFunc(items, func(x Item) bool { return x.key() == key })
		switch {
		case at < 0 && n > 0:
			items = append(items, key|Item(min(n, valueMask)))
		case at >= 0:
			if n += int(items[at] & valueMask); n > 0 {
				items[at] = key | Item(min(n, valueMask))
			} else {
				items = slices.Delete(items, at, at+1)
			}
		}
		i = j
	}
	return items
}

func unpackItem(s string) Item {
	return Item(s[0])<<40 | Item(s[1])<<32 | Item(s[2])<<24 | Item(s[3])<<16 | Item(s[4])<<8 | Item(s[5])
}

// find calls do with each value under a key of a packed page.
func find(packed string, k Key, do func(value uint32)) {
	want := Item(k) &^ valueMask & itemMask
	n := len(packed) / itemBytes
	from, to := 0, n
	for from < to {
		mid := (from + to) / 2
		if unpackItem(packed[mid*itemBytes:]) < want {
			from = mid + 1
		} else {
			to = mid
		}
	}
	for ; from < n; from++ {
		i := unpackItem(packed[from*itemBytes:])
		if i.key() != want {
			return
		}
		do(uint32(i & valueMask))
	}
}

// Holders gives the records under a key of a packed page; many says that there
// are more than the key may lead to.
func Holders(packed string, k Key) (ids []ID, many bool) {
	find(packed, k, func(v uint32) {
		if v == tooMany {
			many = true
			return
		}
		ids = append(ids, ID(v))
	})
	return ids, many
}
