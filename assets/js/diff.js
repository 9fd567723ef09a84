/* What the table of a difference is told by name (dashboard/pages/diff/content.py). */
(function () {
  const cells = (window.dashAgGridFunctions = window.dashAgGridFunctions || {});
  const three = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 3 });
  cells.diffNumber = ({ value }) => (value ? three.format(value).replace("-", "−") : "");
})();
