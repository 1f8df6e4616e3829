"""One module a family of promises. Each check yields (when, what is wrong) and knows no code of the product's rules."""
