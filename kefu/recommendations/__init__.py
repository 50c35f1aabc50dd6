"""What to offer whom: service plans, accessories, matching products and how-to's."""
