"""The seed hunter: whole random nights from one number, and the promises that must hold over every one of them."""
