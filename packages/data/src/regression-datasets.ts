import type { Dataset } from "./dataset.ts";
import { writeCsv } from "./layout.ts";

const posteriordb = (file: string): string =>
  `take posterior_database/data/data/${file}.json.zip of commit 28f8d3d6 of that repository, unchanged`;

/** Small data for linear, logistic, Poisson and hierarchical regression and for mixtures. None of the origins is asked for a file; `layout` says how to make it. */
export const regressionDatasets: readonly Dataset[] = [
  {
    name: "auto-mpg",
    title: "Fuel consumption of 398 cars, 1970-1982",
    holds:
      "miles per gallon, cylinders, displacement (cubic inches), horsepower (six missing), weight (lb), acceleration (s), model year, origin, name",
    origin: "https://archive.ics.uci.edu/dataset/9/auto+mpg",
    licence: "CC BY 4.0",
    source:
      "UCI Machine Learning Repository, Auto MPG; Quinlan, Proceedings of the 10th International Conference on Machine Learning, 1993",
    files: [
      {
        path: "regression/mpg.csv",
        sha256: "c14b8b855ea7ee86cb9736bf8caaf281c4685ca08826f3eb2acaccaaf40f0d5a",
        layout:
          "take mpg.csv of https://github.com/mwaskom/seaborn-data, which is the same table with a header and empty cells where it is missing",
      },
    ],
    reader: "table",
  },
  {
    name: "german-credit",
    title: "Credit of 1,000 applicants, good or bad (Statlog)",
    holds: "24 numeric attributes and a label (1 good, 2 bad), separated by spaces, no header",
    origin: "https://archive.ics.uci.edu/dataset/144/statlog+german+credit+data",
    licence: "CC BY 4.0",
    source: "UCI Machine Learning Repository, Statlog (German Credit Data), Hofmann 1994",
    files: [
      {
        path: "regression/german_credit_numeric.txt",
        sha256: "0b36fb15e0d0382cb8d7fc63abc5127de18447c23b17a7366dc9fa09d95e7f31",
        layout: "take german.data-numeric out of the archive that the origin serves",
      },
    ],
    reader: "table",
  },
  {
    name: "wdbc",
    title: "569 breast tumours, malignant or benign (Wisconsin)",
    holds: "mean, standard error and worst of ten features of cell nuclei, and target (0 malignant, 1 benign)",
    origin: "https://archive.ics.uci.edu/dataset/17/breast+cancer+wisconsin+diagnostic",
    licence: "CC BY 4.0",
    source:
      "UCI Machine Learning Repository, Breast Cancer Wisconsin (Diagnostic); Street, Wolberg and Mangasarian, Proceedings of SPIE 1905, 1993",
    files: [
      {
        path: "regression/breast_cancer_wdbc.csv",
        sha256: "7dd8e4f78b55cb5fa3cba00b0e61fa6046cbadcdaaa60ca5e48827b536723906",
        layout:
          'write the 30 features and then target, 0 for M and 1 for B, as commas-separated numbers without trailing zeros, under the header "mean radius,mean texture,...,worst fractal dimension,target" (names as in scikit-learn\'s load_breast_cancer)',
      },
    ],
    reader: "table",
  },
  {
    name: "diabetes",
    title: "Progression of diabetes in 442 patients",
    holds: "age, sex, body mass index, blood pressure, six blood serum measurements, progression after one year",
    origin: "https://www4.stat.ncsu.edu/~boos/var.select/diabetes.html",
    licence: "none stated by the origin",
    source: "Efron, Hastie, Johnstone and Tibshirani, Annals of Statistics 32, 2004, p. 407",
    files: [
      {
        path: "regression/diabetes_efron442.csv",
        sha256: "3b271426c1bd56aebb217e16eb31a4b0f5a5669fe59258d6c6c65411a115cd22",
        layout: 'write diabetes.tab.txt with commas for tabs under the header "age,sex,bmi,bp,s1,s2,s3,s4,s5,s6,target"',
      },
    ],
    reader: "table",
  },
  {
    name: "old-faithful",
    title: "272 eruptions of the geyser Old Faithful",
    holds: "duration of an eruption and waiting time to the next, both in minutes",
    origin: "https://stat.ethz.ch/R-manual/R-devel/library/datasets/html/faithful.html",
    licence: "GPL-2 | GPL-3",
    source: "data set faithful of R; Azzalini and Bowman, Applied Statistics 39, 1990, p. 357",
    files: [
      {
        path: "regression/old_faithful_R.csv",
        sha256: "2da9ef67231ab7542d2ec3e5a741a8d53ada92a24103195ce7d1f9b8e36a986d",
        layout: writeCsv("faithful", "old_faithful_R.csv"),
      },
    ],
    reader: "table",
  },
  {
    name: "radon",
    title: "Radon in 919 homes of 85 counties of Minnesota",
    holds: "log radon (log pCi/L), floor of the measurement (0 basement, 1 first floor), log uranium of the county's soil, county",
    origin: "https://github.com/stan-dev/posteriordb",
    licence: "BSD-3-Clause",
    source: "posteriordb, radon_mn; Gelman and Hill, Data Analysis Using Regression and Multilevel/Hierarchical Models, 2006, chapter 12",
    files: [
      {
        path: "posteriordb/radon_mn-radon_variable_intercept_noncentered/data.json.zip",
        sha256: "70e5bacffb71955f1fc327f7c491b6bc59b09f40673830da306f1f9f9eb02bc0",
        layout: posteriordb("radon_mn"),
      },
    ],
    reader: "record",
  },
  {
    name: "eight-schools",
    title: "Effect of coaching on test scores in eight schools",
    holds: "estimated effect (points) and its standard error in each school",
    origin: "https://github.com/stan-dev/posteriordb",
    licence: "BSD-3-Clause",
    source: "posteriordb, eight_schools; Rubin, Journal of Educational Statistics 6, 1981, p. 377",
    files: [
      {
        path: "posteriordb/eight_schools-eight_schools_noncentered/data.json.zip",
        sha256: "8e37cc01fe05b0e1779255e9bd386261f3d61daf7f75f02f72f38cdc9750531c",
        layout: posteriordb("eight_schools"),
      },
    ],
    reader: "record",
  },
  {
    name: "peregrine",
    title: "Pairs of peregrines in the French Jura, forty years",
    holds: "count of each year, and the year, standardised",
    origin: "https://github.com/stan-dev/posteriordb",
    licence: "BSD-3-Clause",
    source: "posteriordb, GLM_Poisson_Data; Kéry and Schaub, Bayesian Population Analysis using WinBUGS, 2012, chapter 3",
    files: [
      {
        path: "posteriordb/GLM_Poisson_Data-GLM_Poisson_model/data.json.zip",
        sha256: "8d4e396989e85a80b3294a72ff6654328e530f1e9f50de967dba281804bd124e",
        layout: posteriordb("GLM_Poisson_Data"),
      },
    ],
    reader: "record",
  },
];
