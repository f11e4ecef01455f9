package carrier

import "strings"

// The alphabets of 3GPP TS 23.038, typed out for this counter alone: a carrier that counted with the gateway's code would
// agree with every mistake in it. National tables are unknown to it, as to most carriers.
const (
	gsmBasic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmMore  = "\f^{}\\[~]|€"
)

// Segments counts the parts in which a text travels, each with a user data header of six bytes if there is more than one.
// A septet pair and a surrogate pair stay together.
func Segments(text string) int {
	costs := make([]int, 0, len(text))
	total, wide := 0, false
	for _, r := range text {
		cost := 1
		switch {
		case strings.ContainsRune(gsmBasic, r):
		case strings.ContainsRune(gsmMore, r):
			cost = 2
		default:
			wide = true
		}
		costs = append(costs, cost)
		total += cost
	}
	single, part := 160, 153
	if wide {
		single, part, total = 70, 67, 0
		costs = costs[:0]
		for _, r := range text {
			cost := 1
			if r > 0xFFFF {
				cost = 2
			}
			costs = append(costs, cost)
			total += cost
		}
	}
	if total <= single {
		return 1
	}
	parts, used := 1, 0
	for _, cost := range costs {
		if used+cost > part {
			parts, used = parts+1, 0
		}
		used += cost
	}
	return parts
}
