"""The register: what stands at a site, who works there, and the site's own numbers. Filled from site packs."""
