import type { Dataset } from "./dataset.ts";
import { writeCsv } from "./layout.ts";

/** Censuses of populations for birth-death processes. None of the origins serves a CSV file; `layout` says how to make it. */
export const censusDatasets: readonly Dataset[] = [
  {
    name: "whooping-crane",
    title: "Whooping cranes wintering at Aransas, 1938-2009",
    holds: "72 yearly counts (columns year, count)",
    origin: "https://github.com/bpatch/birdepy_examples",
    licence: "none stated by the origin",
    source: "case study of BirDePy: Hautphenne and Patch, Journal of Statistical Software, 2024",
    files: [
      {
        path: "birth-death/whooping_crane.csv",
        sha256: "7d180f5c9ae5c1d505ddf11faeb121c6ac623298d7156b9ed9abc4d2f6db6328",
        layout:
          'write the lists t_data_w and p_data_w of case_studies_code.py as two columns under the header "year,count", one year a line, with Unix line ends',
      },
    ],
    reader: "census",
  },
  {
    name: "gray-whale",
    title: "Eastern Pacific gray whales, 1952-1997",
    holds: "24 counts in 46 years, missing years NA (columns Year, Count)",
    origin: "https://cran.r-project.org/package=MARSS",
    licence: "GPL-2",
    source: "data set graywhales of the R package MARSS; Gerber, DeMaster and Kareiva, Conservation Biology 13, 1999, p. 1215",
    files: [
      {
        path: "birth-death/marss_graywhales.csv",
        sha256: "32b5105938beb13a5c214cbc3113f6b9c24ffe4c0cd21e9ffe9b8aff3eb36b27",
        layout: writeCsv("MARSS::graywhales", "marss_graywhales.csv"),
      },
    ],
    reader: "census",
  },
  {
    name: "harbour-seal",
    title: "Harbour seals of five regions of Washington State, 1978-1999",
    holds: "natural logarithms of yearly counts, missing years NA (columns Year, SJF, SJI, EBays, PSnd, HC)",
    origin: "https://cran.r-project.org/package=MARSS",
    licence: "GPL-2",
    source: "data set harborSealWA of the R package MARSS; Jeffries et al., Journal of Wildlife Management 67, 2003, p. 208",
    files: [
      {
        path: "birth-death/marss_harborSealWA.csv",
        sha256: "334e1ab30b5515195a9e7b65bc2e79859c8697ca2c9bebfbb561bd9ea3dbf67d",
        layout: writeCsv("MARSS::harborSealWA", "marss_harborSealWA.csv"),
      },
    ],
    reader: "census",
  },
  {
    name: "isle-royale",
    title: "Wolves and moose of Isle Royale, 1959-2011",
    holds: "53 yearly counts of wolves and of moose, and weather (columns Year, Wolf, Moose, ...)",
    origin: "https://cran.r-project.org/package=MARSS",
    licence: "GPL-2",
    source:
      "data set isleRoyal of the R package MARSS; Vucetich and Peterson, Ecological studies of wolves on Isle Royale, annual report 2009-10",
    files: [
      {
        path: "birth-death/marss_isleRoyal.csv",
        sha256: "4d1394b5b851a08b244e822c79134dbce918973f174a0a4b1cd16b26dc03599b",
        layout: writeCsv("MARSS::isleRoyal", "marss_isleRoyal.csv"),
      },
    ],
    reader: "census",
  },
  {
    name: "grizzly",
    title: "Yellowstone grizzly bears, 1959-1997",
    holds: "39 yearly estimates of the number of adult females (columns year, N)",
    origin: "https://cran.r-project.org/package=popbio",
    licence: "GPL-3",
    source: "data set grizzly of the R package popbio; Morris and Doak, Quantitative Conservation Biology, 2002, table 3.1",
    files: [
      {
        path: "birth-death/popbio_grizzly.csv",
        sha256: "230fb8ccd75be55a53a4696203c4ad2ab13aae9f728d31a53ff17cd154cab7ed",
        layout: writeCsv("popbio::grizzly", "popbio_grizzly.csv"),
      },
    ],
    reader: "census",
  },
  {
    name: "eyam",
    title: "Plague at Eyam, June to October 1666",
    holds: "8 censuses, half a month to a month apart: susceptible, infected, removed (columns time in months, S, I, R)",
    origin: "https://cran.r-project.org/package=MultiBD",
    licence: "Apache-2.0",
    source: "data set Eyam of the R package MultiBD; Raggett, Journal of Applied Statistics 9, 1982",
    files: [
      {
        path: "birth-death/eyam_plague_1666.csv",
        sha256: "b6d39c10ca38e64b61531b8659e76d5fa30d70d9e2faff29371914ad2f4d3968",
        layout: writeCsv("MultiBD::Eyam", "eyam_plague_1666.csv"),
      },
    ],
    reader: "census",
  },
];
