# Writes r_numbers.csv: R's mmrm at the maximum of the likelihood (its default tolerance stops short of it).
#   Rscript tests/stats/mmrm/r_numbers.R ../shared/data/analysis/mmrm/fev_data.csv > tests/stats/mmrm/r_numbers.csv
# Made with R 4.2.2, mmrm 0.3.18, TMB 1.9.2 (R says that it wants 1.9.15 for results that can be repeated).
suppressMessages(library(mmrm))
fev <- read.csv(commandArgs(TRUE)[1])
for (v in c("USUBJID", "AVISIT", "ARMCD", "RACE", "SEX")) fev[[v]] <- factor(fev[[v]])
tight <- list(optimizer = "BFGS", optimizer_control = list(reltol = 1e-15, maxit = 2000))
last <- replace(numeric(12), c(6, 12), 1)
joint <- diag(12)[10:12, ]
race <- diag(12)[3:4, ]
methods <- list(
  c("Satterthwaite", "Asymptotic"), c("Kenward-Roger", "Kenward-Roger"), c("Kenward-Roger", "Kenward-Roger-Linear"),
  c("Between-Within", "Asymptotic"), c("Residual", "Asymptotic"), c("Satterthwaite", "Empirical"),
  c("Satterthwaite", "Empirical-Jackknife"), c("Satterthwaite", "Empirical-Bias-Reduced")
)
cat("covariance,grouped,weighted,reml,method,vcov,neg2ll,est,se,df,f,ddf,p,f_race,ddf_race\n")
one <- function(kind, grouped, weighted, reml, method) {
  bar <- if (grouped) "ARMCD/USUBJID" else "USUBJID"
  formula <- as.formula(sprintf("FEV1 ~ FEV1_BL + RACE + SEX + ARMCD * AVISIT + %s(AVISIT | %s)", kind, bar))
  options <- c(list(formula, data = fev, reml = reml, method = method[1], vcov = method[2]), tight)
  if (weighted) options$weights <- fev$WEIGHT
  fit <- tryCatch(do.call(mmrm, options), error = function(e) NULL)
  if (is.null(fit)) return(invisible())
  single <- df_1d(fit, last)
  interaction <- df_md(fit, joint)
  by_race <- df_md(fit, race)
  numbers <- c(
    deviance(fit), single$est, single$se, single$df, interaction$f_stat, interaction$denom_df, interaction$p_val,
    by_race$f_stat, by_race$denom_df
  )
  said <- c(kind, grouped, weighted, reml, method)
  cat(paste(c(said, sprintf("%.12g", numbers)), collapse = ","), "\n", sep = "")
}
for (kind in c("us", "toep", "toeph", "ad", "adh", "ar1", "ar1h", "cs", "csh")) {
  for (method in methods) one(kind, FALSE, FALSE, TRUE, method)
}
for (kind in c("us", "ar1h", "csh")) {
  for (method in methods[c(1, 2, 3, 8)]) {
    one(kind, TRUE, FALSE, TRUE, method)
    one(kind, FALSE, TRUE, TRUE, method)
    one(kind, FALSE, FALSE, FALSE, method)
  }
}
