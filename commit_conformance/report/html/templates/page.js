// Makes the page handier; whatever it does not do, the page does without it.
(function () {
  "use strict";
  var rows = Array.prototype.slice.call(document.querySelectorAll("#rules .rule"));
  var field = document.getElementById("search");
  var found = document.getElementById("found");

  function wanted(row) {
    var shown = document.querySelector(".filter input[type=radio]:checked").value;
    return shown === "all" || shown.split(" ").some(function (name) { return row.classList.contains(name); });
  }

  function search() {
    var words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    var count = 0;
    rows.forEach(function (row) {
      var text = row.textContent.toLowerCase();
      var hit = words.every(function (word) { return text.indexOf(word) >= 0; });
      row.classList.toggle("missed", !hit);
      if (hit && wanted(row)) { count += 1; }
    });
    Array.prototype.forEach.call(document.querySelectorAll("#rules .group"), function (group) {
      group.classList.toggle("missed", !group.querySelector(".rule:not(.missed)"));
    });
    found.textContent = count === 1 ? "1 rule" : count + " rules";
  }

  if (field) {
    document.getElementById("searching").hidden = false;
    field.addEventListener("input", search);
    document.querySelector(".filter").addEventListener("change", search);
    search();
  }

  function select(block) {
    var range = document.createRange();
    range.selectNodeContents(block);
    window.getSelection().removeAllRanges();
    window.getSelection().addRange(range);
  }

  Array.prototype.forEach.call(document.querySelectorAll(".copy"), function (button) {
    button.hidden = false;
    button.addEventListener("click", function () {
      var block = document.getElementById(button.getAttribute("aria-controls"));
      function done(text) {
        button.textContent = text;
        window.setTimeout(function () { button.textContent = "copy"; }, 2000);
      }
      select(block);
      if (navigator.clipboard && navigator.clipboard.writeText) {
        navigator.clipboard.writeText(block.textContent).then(
          function () { done("copied"); }, function () { done("selected"); });
      } else {
        done("selected");
      }
    });
  });

  // A link into something folded opens it.
  function unfold() {
    var name = decodeURIComponent(window.location.hash.slice(1));
    var target = name && document.getElementById(name);
    for (var at = target; at; at = at.parentElement) {
      if (at.tagName === "DETAILS") { at.open = true; }
    }
    if (target) { target.scrollIntoView(); }
  }
  window.addEventListener("hashchange", unfold);
  if (window.location.hash) { unfold(); }
}());
