"""What an introductory course on the programming model teaches, claim by claim: on Typeway, and on FastAPI where it can.

One file per chapter of such a course: its concepts (`test_introduction` to `test_errors`), its worked examples
(`test_example_*`), its pitfalls (`test_pitfall_*`) and its summary (`test_takeaways`). A test's docstring is the claim.
"""
