{page}
