/** How to make a file out of a data frame of R. */
export const writeCsv = (r: string, file: string): string => `in R: write.csv(${r}, "${file}", row.names = FALSE), with Unix line ends`;
