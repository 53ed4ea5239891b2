//! Parts of records from the shapes in which GrowthZone writes them.
