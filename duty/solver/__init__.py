"""A month's roster, solved: a problem of plain values goes in, an answer or the rules that clash come out."""
