const root=Deno.args[0];
const { withChoiceBatches, readChoices } = await import(root+"/lib/choice/read_choices.ts");
const { fitConditionalLogitBatches } = await import(root+"/lib/choice/conditional_logit.ts");
for (let i=0;i<2;i++){ let t=performance.now();
const fit = await withChoiceBatches("/tmp/d2_choices.parquet", {}, fitConditionalLogitBatches); const a=performance.now()-t; t=performance.now();
const r=await readChoices("/tmp/d2_choices.parquet"); console.log(a|0, (performance.now()-t)|0, fit.coefficients.map((c:any)=>c.estimate).join(" "), r.sets.values.length, (Deno.memoryUsage().rss/1e6)|0);}
