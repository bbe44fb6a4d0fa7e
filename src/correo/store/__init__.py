"""The narrow door to disk: accounts, directory, queue and blobs behind protocols."""
