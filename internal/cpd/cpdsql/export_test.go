package cpdsql

// Dense has a search go through the participants in their order from a number
// of words on.
func (s *Store) Dense(from int) { s.dense = from }
