"""The Xcode project: what it names exists, and each target has what it needs to be signed.

Xcode itself has not read it.
"""

import json
import plistlib
import re
import struct
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from tests.swift.app import FOLDERS, IDENTIFIER, IOS, Project, configuration, swift_files

CSS = IOS.parent / "admin_ui/static/lock_screen.css"
VARIABLE = re.compile(r"\$\((\w+)")
APPLES_VARIABLES = {
    "CURRENT_PROJECT_VERSION", "DEVELOPMENT_LANGUAGE", "EXECUTABLE_NAME", "MARKETING_VERSION",
    "PRODUCT_BUNDLE_IDENTIFIER", "PRODUCT_BUNDLE_PACKAGE_TYPE", "PRODUCT_MODULE_NAME", "PRODUCT_NAME", "TARGET_NAME",
    "inherited",
}  # fmt: skip


@pytest.fixture(scope="module")
def project() -> Project:
    return Project()


def plist(path: str) -> dict[str, Any]:
    found: dict[str, Any] = plistlib.loads((IOS / path).read_bytes())
    return found


def values(tree: Any) -> list[str]:
    """All strings in a property list or a project."""
    if isinstance(tree, dict):
        return [text for pair in tree.items() for one in pair for text in values(one)]
    if isinstance(tree, list):
        return [text for one in tree for text in values(one)]
    return [str(tree)]


def test_every_object_that_is_named_is_there(project: Project) -> None:
    named = {text for text in values(project.tree) if IDENTIFIER.fullmatch(text)}
    assert named == set(project.objects)


def test_every_file_that_is_named_is_there(project: Project) -> None:
    kinds = ("PBXFileReference", "PBXFileSystemSynchronizedRootGroup")
    files = [one["path"] for kind in kinds for one in project.all(kind) if one["sourceTree"] == "<group>"]
    files += [one["relativePath"] + "/Package.swift" for one in project.all("XCLocalSwiftPackageReference")]
    for target in project.targets().values():
        for settings in project.settings(target).values():
            files += [settings["INFOPLIST_FILE"], settings["CODE_SIGN_ENTITLEMENTS"]]
    assert [file for file in files if not (IOS / file).exists()] == []


def test_targets_compile_the_folders_that_the_checks_read(project: Project) -> None:
    compiled = {
        name: tuple(project.objects[group]["path"] for group in target["fileSystemSynchronizedGroups"])
        for name, target in project.targets().items()
    }
    assert compiled == FOLDERS


def test_no_property_list_is_copied_as_a_resource(project: Project) -> None:
    """Xcode fails on an Info.plist that is in a synchronized folder and not excepted from it."""
    for group in project.all("PBXFileSystemSynchronizedRootGroup"):
        exceptions = [project.objects[name] for name in group.get("exceptions", [])]
        targets = [(project.objects[one["target"]]["name"], one["membershipExceptions"]) for one in exceptions]
        excepted = {(target, file) for target, files in targets for file in files}
        lists = {file.name for file in (IOS / group["path"]).iterdir() if file.suffix in {".plist", ".entitlements"}}
        assert excepted == {(group["path"], name) for name in lists}


def test_extensions_are_built_before_the_app_and_embedded_in_it(project: Project) -> None:
    targets = project.targets()
    extensions = {name for name, one in targets.items() if one["productType"] == "com.apple.product-type.app-extension"}
    (phase,) = project.all("PBXCopyFilesBuildPhase")
    embedded = [project.objects[project.objects[file]["fileRef"]]["path"] for file in phase["files"]]
    built = [project.objects[project.objects[one]["target"]]["name"] for one in targets["Smith"]["dependencies"]]
    # 13 is the folder PlugIns.
    assert phase["dstSubfolderSpec"] == "13"
    assert {name.removesuffix(".appex") for name in embedded} == set(built) == extensions == set(FOLDERS) - {"Smith"}


@pytest.mark.parametrize("name", FOLDERS)
def test_a_target_is_configured_alike_for_debugging_and_release(project: Project, name: str) -> None:
    settings = project.settings(project.targets()[name])
    assert settings["Debug"] == settings["Release"]
    assert settings["Debug"]["PRODUCT_BUNDLE_IDENTIFIER"].startswith("$(SMITH_BUNDLE_ID)")
    # Apple refuses an extension whose identifier does not begin with its app's.
    assert (settings["Debug"]["PRODUCT_BUNDLE_IDENTIFIER"] == "$(SMITH_BUNDLE_ID)") == (name == "Smith")


def test_it_is_built_as_the_kit_is(project: Project) -> None:
    (root,) = project.all("PBXProject")
    package = (IOS / "SmithKit/Package.swift").read_text()
    for settings in project.settings(root).values():
        assert settings["SWIFT_VERSION"] == "6.0"
        assert f'.iOS("{settings["IPHONEOS_DEPLOYMENT_TARGET"]}")' in package
    assert {one["productName"] for one in project.all("XCSwiftPackageProductDependency")} == {"SmithKit"}


def test_all_that_is_the_builders_own_is_in_one_file(project: Project) -> None:
    lists = [file for pattern in ("*.plist", "*.entitlements") for file in IOS.glob(f"*/{pattern}")]
    texts = values(project.tree) + [text for file in lists for text in values(plistlib.loads(file.read_bytes()))]
    used = {name for text in texts for name in VARIABLE.findall(text)} - APPLES_VARIABLES
    assert used == {name for name in configuration() if name.startswith("SMITH_")}
    assert {"DEVELOPMENT_TEAM", "MARKETING_VERSION", "CURRENT_PROJECT_VERSION"} < set(configuration())


def test_the_scheme_builds_the_app_and_tests_the_kit(project: Project) -> None:
    scheme = ET.parse(IOS / "Smith.xcodeproj/xcshareddata/xcschemes/Smith.xcscheme")  # noqa: S314
    references = [one.attrib for one in scheme.iter("BuildableReference")]
    named = {(one["BlueprintIdentifier"], one["ReferencedContainer"]) for one in references}
    tests = {one for one in named if one[1] == "container:SmithKit"}
    assert tests == {("SmithKitTests", "container:SmithKit")}
    assert {project.objects[identifier]["name"] for identifier, _ in named - tests} == {"Smith"}
    assert [one.tag for one in scheme.iter("TestableReference")] == ["TestableReference"]


def test_the_app_asks_for_what_it_uses() -> None:
    info, rights = plist("Smith/Info.plist"), plist("Smith/Smith.entitlements")
    assert info["NSSupportsLiveActivities"]
    assert info["NSSupportsLiveActivitiesFrequentUpdates"]
    assert info["CFBundleURLTypes"][0]["CFBundleURLSchemes"] == ["activitysmith"]
    assert info["NSUserActivityTypes"] == ["INSendMessageIntent"]
    # Apple ends an app that uses the camera or the local network and does not say why.
    assert info["NSCameraUsageDescription"]
    assert info["NSLocalNetworkUsageDescription"]
    assert info["NSAppTransportSecurity"] == {"NSAllowsLocalNetworking": True}
    source = "\n".join(file.read_text() for file in swift_files("Smith"))
    assert info["BGTaskSchedulerPermittedIdentifiers"] == ["$(PRODUCT_BUNDLE_IDENTIFIER).refresh"]
    assert 'bundleIdentifier ?? "") + ".refresh"' in source
    assert rights["aps-environment"] == "development"
    assert rights["com.apple.developer.usernotifications.time-sensitive"] is True
    assert rights["com.apple.developer.usernotifications.communication"] is True


@pytest.mark.parametrize(
    ("name", "point"),
    [
        ("SmithWidgets", "com.apple.widgetkit-extension"),
        ("SmithNotificationService", "com.apple.usernotifications.service"),
    ],
)
def test_an_extension_says_where_it_belongs(name: str, point: str) -> None:
    extension = plist(f"{name}/Info.plist")["NSExtension"]
    assert extension["NSExtensionPointIdentifier"] == point
    principal = extension.get("NSExtensionPrincipalClass", "").removeprefix("$(PRODUCT_MODULE_NAME).")
    source = "\n".join(file.read_text() for file in swift_files(name))
    assert f"class {principal}:" in source if principal else source.count("@main") == 1


@pytest.mark.parametrize("name", FOLDERS)
def test_all_targets_share_one_group_and_one_version(name: str) -> None:
    info, rights = plist(f"{name}/Info.plist"), plist(f"{name}/{name}.entitlements")
    assert rights["com.apple.security.application-groups"] == ["$(SMITH_APP_GROUP)"]
    assert info["SmithAppGroup"] == "$(SMITH_APP_GROUP)"
    assert info["CFBundleShortVersionString"] == "$(MARKETING_VERSION)"
    assert info["CFBundleVersion"] == "$(CURRENT_PROJECT_VERSION)"


@pytest.mark.parametrize("name", FOLDERS)
def test_the_privacy_manifest_names_what_the_code_uses(name: str) -> None:
    (manifest,) = [file for folder in FOLDERS[name] for file in (IOS / folder).glob("*.xcprivacy")]
    found = plistlib.loads(manifest.read_bytes())
    declared = {one["NSPrivacyAccessedAPIType"] for one in found["NSPrivacyAccessedAPITypes"]}
    source = "\n".join(file.read_text() for file in swift_files(*FOLDERS[name]))
    assert ("NSPrivacyAccessedAPICategoryUserDefaults" in declared) == ("UserDefaults" in source)
    # Others of Apple's list ("Describing use of required reason API").
    assert not re.search(r"creationDate|modificationDate|systemUptime|volumeAvailableCapacity|activeInputModes", source)
    assert found["NSPrivacyTracking"] is False


def test_asset_catalogs_name_the_files_that_are_there() -> None:
    for contents in IOS.rglob("*.xcassets/**/Contents.json"):
        named = {one["filename"] for one in json.loads(contents.read_text()).get("images", [])}
        there = {file.name for file in contents.parent.iterdir() if file.is_file()} - {"Contents.json"}
        assert named == there, contents


def test_the_icon_has_the_size_that_apple_takes_and_no_transparency() -> None:
    folder = IOS / "Smith/Assets.xcassets/AppIcon.appiconset"
    for file in folder.glob("*.png"):
        width, height, _, kind = struct.unpack(">IIBB", file.read_bytes()[16:26])
        assert (width, height) == (1024, 1024)
        # 2 is RGB. Apple refuses an icon with an alpha channel, but for the dark one.
        assert kind == 2 or file.name == "icon-dark.png"


def test_cards_have_the_colors_of_the_web_admin() -> None:
    pairs = re.findall(r"--lock-(\w+): #([0-9a-f]{6})", CSS.read_text())
    names = {file.stem.removeprefix("card-") for file in (IOS / "Shared/CardColors.xcassets").glob("*.colorset")}
    wanted = {name: [shade for known, shade in pairs if known == name][:2] for name in names}
    assert {name: shades(name) for name in names} == wanted
    kit = (IOS / "SmithKit/Sources/SmithKit/Cards/CardColor.swift").read_text()
    (case,) = re.findall(r"case (lime.*)", kit)
    assert set(case.split(", ")) == names


def shades(name: str) -> list[str]:
    """The color on light and on dark ground, as CSS writes them."""
    path = IOS / f"Shared/CardColors.xcassets/card-{name}.colorset/Contents.json"
    parts = [one["color"]["components"] for one in json.loads(path.read_text())["colors"]]
    return ["".join(one[part].removeprefix("0x").lower() for part in ("red", "green", "blue")) for one in parts]


def test_views_are_short() -> None:
    """They paint: what is to be decided is in the kit, which is tested."""
    long = {}
    for file in swift_files("Smith", "SmithWidgets", "Shared"):
        for declaration in re.split(r"^(?=\S)", file.read_text(), flags=re.MULTILINE):
            name = re.match(r"(?:private )?struct (\w+): View\b", declaration)
            if name and len(declaration.splitlines()) > 40:
                long[name[1]] = len(declaration.splitlines())
    assert long == {}


def test_the_app_reads_what_the_extension_keeps() -> None:
    """When a push last arrived. They share no file of Swift."""
    keys = [
        re.findall(r'forKey: "(last_\w+)"', file.read_text())
        for file in swift_files("Smith", "SmithNotificationService")
    ]
    assert [key for found in keys for key in found] == ["last_push_at"] * 2


def test_extensions_use_nothing_that_only_apps_may() -> None:
    shared = "\n".join(file.read_text() for file in swift_files("Shared", "SmithWidgets", "SmithNotificationService"))
    assert "UIApplication.shared" not in shared


def test_no_failure_is_taken_for_impossible() -> None:
    """A force unwrap or a forced `try` ends the app."""
    forced = re.compile(r"\btry!|\bas!|\bfatalError\(|\bunowned\b|[\w)\]]!(?=[.\s)\],]|$)", re.MULTILINE)
    found = {
        f"{file.name}: {line.strip()}"
        for file in swift_files("Smith", "SmithWidgets", "SmithNotificationService", "Shared")
        for line in without_texts(file).splitlines()
        if forced.search(line)
    }
    assert found == set()


def without_texts(file: Path) -> str:
    """The code without comments and string literals."""
    return re.sub(r'"(?:\\.|[^"\\])*"|//.*', "", file.read_text())
