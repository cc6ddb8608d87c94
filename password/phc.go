package password

import (
	"encoding/base64"
	"math"
	"strconv"
	"strings"
)

// strictBase64 is the base64 of the PHC string format: unpadded, and it refuses
// bits that mean nothing.
var strictBase64 = base64.RawStdEncoding.Strict()

// parseCosts reads comma-separated numbers of up to 32 bits, each behind its
// name, in this order.
func parseCosts(s string, names ...string) ([]uint64, bool) {
	items := strings.Split(s, ",")
	if len(items) != len(names) {
		return nil, false
	}
	values := make([]uint64, len(names))
	for i, name := range names {
		digits, ok := strings.CutPrefix(items[i], name)
		if !ok {
			return nil, false
		}
		if values[i], ok = parseCost(digits); !ok {
			return nil, false
		}
	}
	return values, true
}

// parseCost reads a number of up to 32 bits. Only its shortest spelling is
// canonical: no sign, no leading zero.
func parseCost(digits string) (uint64, bool) {
	v, err := strconv.ParseUint(digits, 10, 64)
	return v, err == nil && v <= math.MaxUint32 && strconv.FormatUint(v, 10) == digits
}

// decodeStrict decodes unpadded base64 of least to most bytes. The decoder of
// the standard library skips line breaks, even a strict one.
func decodeStrict(encoding *base64.Encoding, s string, least, most int) ([]byte, bool) {
	if len(s) < encoding.EncodedLen(least) || len(s) > encoding.EncodedLen(most) || strings.ContainsAny(s, "\r\n") {
		return nil, false
	}
	b, err := encoding.DecodeString(s)
	return b, err == nil
}
