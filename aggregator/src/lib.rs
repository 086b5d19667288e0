//! Keep, roll up, judge, tell: the pipeline, the store and the doors to readers.
