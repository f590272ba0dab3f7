"""Makers of workbooks and zip archives: proper ones, odd ones, and hostile ones."""

import io
import zipfile
from xml.sax.saxutils import escape, quoteattr

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def zipped(files, method=zipfile.ZIP_DEFLATED):
    """Return a zip archive of names and contents."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def sheet_of(*rows):
    """Return the XML of rows of cells: XML for those that begin with <, else inline texts."""

    def cell(value):
        if value is None:
            return "<c/>"
        if isinstance(value, str) and value.startswith("<c"):
            return value
        if isinstance(value, (int, float)):
            return f"<c><v>{value!r}</v></c>"
        return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'

    return "".join(f"<row>{''.join(map(cell, row))}</row>" for row in rows)


def book(*rows, sheets=None, strings=None, formats=(), namespace=MAIN, settings="", **parts):
    """Return a workbook of rows, or of the XML of several sheets by name.

    `strings` is the XML of shared strings; `formats` are number formats, by style from 1; `parts`
    replace parts by the names `workbook`, `styles`, `sharedStrings`, `sheet1`, …; None is none.
    """
    sheets = sheets or {"Sheet1": sheet_of(*rows)}
    files = {
        "workbook": (
            f'<workbook xmlns="{namespace}" xmlns:r="{RELATED}">{settings}<sheets>'
            + "".join(
                f'<sheet name={quoteattr(name.removeprefix("hidden "))} sheetId="{n}" r:id="s{n}"'
                f"{' state=' + quoteattr('hidden') if name.startswith('hidden ') else ''}/>"
                for n, name in enumerate(sheets, start=1)
            )
            + "</sheets></workbook>"
        ),
        "styles": (
            f'<styleSheet xmlns="{namespace}"><numFmts>'
            + "".join(
                f'<numFmt numFmtId="{200 + n}" formatCode={quoteattr(format)}/>'
                for n, format in enumerate(formats)
                if not isinstance(format, int)
            )
            + '</numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf/>'
            + "".join(
                f'<xf numFmtId="{format if isinstance(format, int) else 200 + n}"/>'
                for n, format in enumerate(formats)
            )
            + "</cellXfs></styleSheet>"
        ),
    }
    if strings is not None:
        files["sharedStrings"] = f'<sst xmlns="{namespace}">{strings}</sst>'
    for n, xml in enumerate(sheets.values(), start=1):
        files[f"sheet{n}"] = (
            f'<worksheet xmlns="{namespace}"><sheetData>{xml}</sheetData></worksheet>'
        )
    files |= parts
    places = {
        name: f"xl/{'worksheets/' if name.startswith('sheet') else ''}{name}.xml" for name in files
    }
    kinds = {"styles": "styles", "sharedStrings": "sharedStrings"}
    related = "".join(
        f'<Relationship Id="{"s" + name[5:] if name.startswith("sheet") else name}" '
        f'Type="{RELATED}/{kinds.get(name, "worksheet")}" Target="{places[name][3:]}"/>'
        for name in files
        if name != "workbook"
    )
    return zipped(
        {
            "[Content_Types].xml": "<Types/>",
            "_rels/.rels": f'<Relationships xmlns="{PACKAGE}"><Relationship Id="r" '
            f'Type="{RELATED}/officeDocument" Target="/xl/workbook.xml"/></Relationships>',
            "xl/_rels/workbook.xml.rels": (
                f'<Relationships xmlns="{PACKAGE}">{related}</Relationships>'
            ),
        }
        | {places[name]: xml for name, xml in files.items() if xml is not None}
    )
